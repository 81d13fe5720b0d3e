/** A binding as a ConfigMap. */
import type { KubeObject } from '../kube/contract.ts';
import { BINDING_LABEL, LINK_LABEL } from './constants.ts';
import type { Binding } from './contract.ts';
import { isBoardId, isLinkId } from './names.ts';

/** Links remembered in `movedFrom`. */
export const MOVES_KEPT: number = 8;

const NAME_PREFIX = 'binding-';

export function recordName(board: string): string {
  return NAME_PREFIX + board;
}

/** With `version`, for an update that must not overwrite another's. */
export function encodeBinding(namespace: string, binding: Binding, version?: string): KubeObject {
  const { board, link, createdAt, gateway, token, movedFrom = [], removed } = binding;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: recordName(board),
      namespace,
      labels: { [BINDING_LABEL]: 'true', [LINK_LABEL]: link },
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    data: {
      board,
      link,
      createdAt,
      ...(gateway === undefined
        ? {}
        : { gatewayPrefix: gateway.prefix, gatewayBoards: String(gateway.boards) }),
      ...(token === undefined ? {} : { token }),
      ...(movedFrom.length === 0 ? {} : { movedFrom: movedFrom.join(' ') }),
      ...(removed === undefined ? {} : { removed: 'true' }),
    },
  };
}

/** Undefined: not a binding record, or one that an editor has broken; a broken one entitles nobody. */
export function decodeBinding(object: KubeObject): Binding | undefined {
  if (object.metadata.labels?.[BINDING_LABEL] === undefined) return undefined;
  const { data } = object;
  if (typeof data !== 'object' || data === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...data };
  const { board, link, createdAt, gatewayPrefix, gatewayBoards } = fields;
  if (!isBoardId(board) || !isLinkId(link) || object.metadata.name !== recordName(board)) {
    return undefined;
  }
  const binding = {
    board,
    link,
    createdAt: typeof createdAt === 'string' ? createdAt : '',
    ...decisions(fields),
  };
  const boards = Number(gatewayBoards);
  if (!isBoardId(gatewayPrefix) || !Number.isInteger(boards)) return binding;
  return { ...binding, gateway: { prefix: gatewayPrefix, boards } };
}

function decisions(fields: Readonly<Record<string, unknown>>): Partial<Binding> {
  const { movedFrom, removed, token } = fields;
  const links = typeof movedFrom === 'string' ? movedFrom.split(' ').filter(isLinkId) : [];
  return {
    ...(links.length === 0 ? {} : { movedFrom: links.slice(-MOVES_KEPT) }),
    ...(removed === 'true' ? { removed: true } : {}),
    ...(typeof token === 'string' ? { token } : {}),
  };
}
