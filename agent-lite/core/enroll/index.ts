/** Enrolment, pure: the certificate request, the join token, the identity, and when to rotate it. */
export { type CertificateDates, judgeDates, type KnownTime } from './certificate-dates.ts';
export { createCertificateRequest, type RequestKey } from './certificate-request.ts';
export {
  encodeIdentity,
  type Identity,
  type JoinAnswer,
  type Parsed,
  parseIdentity,
  parseJoinAnswer,
} from './identity.ts';
export { type JoinToken, parseJoinToken } from './join-token.ts';
export {
  hasEnded,
  type RotationInput,
  type RotationMoment,
  type RotationState,
  type RotationStep,
  startRotation,
  step,
} from './rotation.ts';
export { createRotator, type NewKey, type Rotator, type RotatorOptions } from './rotator.ts';
