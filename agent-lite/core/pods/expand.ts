/** `$(NAME)` in command, args and env values, as Kubernetes expands it: `$$` is a literal `$`, an unknown name stays as written
 * (k8s.io/kubernetes third_party/forked/golang/expansion). */
import type { ContainerDocument } from '@boardlet/adapters/wire';

/** Expands the references of one text. */
export function expandText(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    return values.get(name ?? '') ?? whole;
  });
}

/** Env values may refer to names before them; command and args to all. */
export function expandContainer(spec: ContainerDocument): ContainerDocument {
  const values = new Map<string, string>();
  for (const [name, value] of spec.env ?? []) values.set(name, expandText(value, values));
  const all = (texts: readonly string[]) => texts.map((text) => expandText(text, values));
  return {
    ...spec,
    ...(spec.env === undefined ? {} : { env: [...values] }),
    ...(spec.command === undefined ? {} : { command: all(spec.command) }),
    ...(spec.args === undefined ? {} : { args: all(spec.args) }),
  };
}
