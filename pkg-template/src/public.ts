// What both `tokenward` and `tokenward/slim` export beside createClient.

export { AuthError, isAuthError, type AuthErrorInit } from './errors.js';
export type { AuthErrorCode, AuthErrorPhase } from './error-codes.js';
export type { AuthorizationDetail, Claims, EventType, Persistence, Renewal, Session, SessionStatus, VaultKind } from './session.js';
export type { Elsewhere } from './elsewhere.js';
export type { ProviderPreset } from './providers/preset.js';
export type {
  Api,
  AuthClient,
  AuthEvent,
  AuthListener,
  ClientOptions,
  ClientSettings,
  DeviceCode,
  DeviceLoginOptions,
  ExchangedToken,
  ExchangeOptions,
  GetTokenOptions,
  LoginOptions,
  LogoutOptions,
  PopupLoginOptions,
  ProofHeaders,
  ProofRequest,
  RedirectResult,
  Repair,
  ServerMetadata,
  SilentLoginOptions,
  StepUp,
  StepUpAnswer,
  VaultFactory,
} from './types.js';
