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
};
