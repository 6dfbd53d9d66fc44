/**
 * What each kind of server speaks. The payloads' types stand in a namespace for each
 * profile: `Dashtam.AccountsCompleted`.
 */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

export { dashtam, type DashtamCategories, type DashtamEvents } from './dashtam.js';
export type * as Dashtam from './dashtam.js';
export { stockAgent, type StockAgentCategories, type StockAgentEvents } from './stock-agent.js';
export type * as StockAgent from './stock-agent.js';
export { cortex, type CortexCategories, type CortexEvents } from './cortex.js';
export type * as Cortex from './cortex.js';
export { stageChat, type StageChatCategories, type StageChatEvents } from './stage-chat.js';
export type * as StageChat from './stage-chat.js';
export { hive, type HiveCategories, type HiveEvents, type HiveMeta } from './hive.js';
export type * as Hive from './hive.js';
export { plain, type PlainCategories, type PlainEvents } from './plain.js';
export type * as Plain from './plain.js';

export { defineProfile } from '../define-profile.js';
export type { AnyProfile, Profile, ProfileDefinition, TextDefinition } from '../profile.js';
