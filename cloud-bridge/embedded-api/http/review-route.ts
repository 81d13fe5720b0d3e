import { methodNotAllowed } from '../fault.ts';
import { dict, isObject, type Json, type JsonObject, list, str } from '../json.ts';
import type { Services } from '../services.ts';
import { ADMIN_GROUP } from './auth.ts';
import { readObject } from './body.ts';
import { type Call, sendText } from './call.ts';

function statusOfReview(services: Services, call: Call, kind: string, body: Json): JsonObject {
  const { user } = call;
  switch (kind) {
    case 'SelfSubjectAccessReview':
      return { allowed: true, reason: `member of ${ADMIN_GROUP}` };
    case 'SelfSubjectRulesReview':
      return {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      };
    case 'SubjectAccessReview': {
      const allowed = list(body, 'spec', 'groups').includes(ADMIN_GROUP);
      return allowed ? { allowed } : { allowed, reason: `not a member of ${ADMIN_GROUP}` };
    }
    case 'TokenReview': {
      const found = services.auth.identityOf(str(body, 'spec', 'token'));
      if (found === undefined) return { authenticated: false, error: 'invalid token', user: {} };
      return { authenticated: true, user: { username: found.name, groups: [...found.groups] } };
    }
    default:
      return { userInfo: { username: user.name, groups: [...user.groups] } };
  }
}

/** Answers the create-only kinds of authorization.k8s.io and authentication.k8s.io; only admins get this far. */
export async function serveReview(
  services: Services,
  call: Call,
  review: { readonly group: string; readonly kind: string },
): Promise<void> {
  if (call.method !== 'POST') throw methodNotAllowed();
  const body = await readObject(call.request, services.limits);
  const answer: JsonObject = {
    kind: review.kind,
    apiVersion: `${review.group}/v1`,
    metadata: { creationTimestamp: null },
    ...(isObject(body) && isObject(body['spec']) ? { spec: dict(body, 'spec') } : {}),
    status: statusOfReview(services, call, review.kind, body),
  };
  sendText(call, 201, JSON.stringify(answer));
}
