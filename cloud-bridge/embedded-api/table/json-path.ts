import { isObject, type Json } from '../json.ts';

type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly string[]; readonly value: string };

const STEP =
  /^(?:\.([^.[\]]+)|\['([^']+)'\]|\[(-?\d+)\]|(\[\*\]|\.\*)|\[\?\(\s*@\.([\w.-]+)\s*==\s*["']([^"']*)["']\s*\)\])/;

/** The simple JSONPath of printer columns: keys, indices, `[*]` and `[?(@.a=="b")]`. Undefined when it is another kind. */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text.replace(/^\{|\}$/g, '').replace(/^\$/, '');
  if (!rest.startsWith('.') && !rest.startsWith('[')) rest = `.${rest}`;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, dotted, quoted, index, all, path, value] = match;
    const key = dotted ?? quoted;
    if (all !== undefined) steps.push({ kind: 'all' });
    else if (key !== undefined) steps.push({ kind: 'key', key: key.replaceAll('\\.', '.') });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (path !== undefined)
      steps.push({ kind: 'filter', path: path.split('.'), value: value ?? '' });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function follow(value: Json, step: Step): Json[] {
  if (step.kind === 'key') {
    const found = isObject(value) && Object.hasOwn(value, step.key) ? value[step.key] : undefined;
    return found === undefined ? [] : [found];
  }
  const items = Array.isArray(value)
    ? value
    : step.kind === 'all' && isObject(value)
      ? Object.values(value)
      : [];
  if (step.kind === 'all') return items;
  if (step.kind === 'index') {
    const found = items.at(step.index);
    return found === undefined ? [] : [found];
  }
  return items.filter((item) => {
    let here: Json | undefined = item;
    for (const key of step.path) here = isObject(here) ? here[key] : undefined;
    return here !== undefined && String(here) === step.value;
  });
}

/** All values at a path. */
export function evaluate(value: Json, steps: readonly Step[]): Json[] {
  return steps.reduce<Json[]>(
    (found, step) => found.flatMap((item) => follow(item, step)),
    [value],
  );
}
