import { child, isObject } from '../json.ts';
import { applyDefaults, validateValue } from '../schema/validate.ts';
import type { Strategy } from './strategy.ts';

/** Objects of custom kinds: the schema says it all. */
export const custom: Strategy = {
  unconditional: false,
  generation: true,
  defaults: (object, { type }) => applyDefaults(object, type.schema),
  causes: (object, { type }) => {
    const { metadata: _checkedElsewhere, ...rest } = object;
    const { required = [], ...schema } = type.schema;
    return validateValue(rest, {
      ...schema,
      required: required.filter((key) => key !== 'metadata'),
    });
  },
  prepareUpdate: (next) => {
    const metadata = child(next, 'metadata');
    if (!isObject(metadata)) return;
    for (const [key, value] of Object.entries(metadata)) if (value === null) delete metadata[key];
  },
};
