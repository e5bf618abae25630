-- A folder as ca045e8 of this repository left it.
CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
CREATE TABLE "users" ("id" text primary key, "name" text not null, "email" text not null unique, "email_verified" integer default 0 not null, "image" text, "role" text not null, "created_at" bigint not null, "updated_at" bigint not null);
CREATE TABLE "api_keys" ("id" text primary key, "user_id" text not null references "users" ("id"), "name" text not null, "prefix" text not null, "hash" text not null unique, "scopes" text not null, "created_at" bigint not null, "expires_at" bigint, "revoked_at" bigint, "last_used_at" bigint);
CREATE TABLE "providers" ("id" text primary key, "owner_id" text not null references "users" ("id"), "name" text not null, "epoch" integer not null, "agent_version" text, "connected_at" bigint not null, "online_until" bigint not null, "last_seen_at" bigint not null, constraint "providers_owner_name" unique ("owner_id", "name"));
CREATE TABLE "services" ("id" text primary key, "provider_id" text not null references "providers" ("id"), "name" text not null, "type" text not null, "engine" text, "description" text, "concurrency" integer not null, "timeout_ms" bigint not null, "access" text not null, "declared" integer not null, "faults_in_row" integer default 0 not null, "cooling_until" bigint default 0 not null, constraint "services_provider_name" unique ("provider_id", "name"));
CREATE TABLE "service_models" ("service_id" text not null references "services" ("id"), "model" text not null, "features" text not null, "created_at" bigint not null, constraint "service_models_pk" primary key ("model", "service_id"));
CREATE TABLE "requests" ("id" text primary key, "user_id" text not null references "users" ("id"), "api_key_id" text not null, "kind" text not null, "state" text not null, "is_async" integer not null, "model" text not null, "prompt" text not null, "parameters" text not null, "n" integer not null, "end_user" text, "created_at" bigint not null, "started_at" bigint, "finished_at" bigint, "warnings" text not null, "error_code" text, "error_message" text);
CREATE INDEX "requests_by_user" on "requests" ("user_id", "created_at");
CREATE TABLE "tasks" ("id" text primary key, "request_id" text not null references "requests" ("id"), "user_id" text not null, "position" integer not null, "state" text not null, "kind" text not null, "model" text not null, "needs" text not null, "seed" bigint not null, "class" integer not null, "order_key" bigint not null, "queued_at" bigint not null, "current_attempt_id" text, "node_faults" integer default 0 not null, "losses" integer default 0 not null, "asset_id" text, "warnings" text, "error_code" text, "error_message" text, "finished_at" bigint, constraint "tasks_request_position" unique ("request_id", "position"));
CREATE INDEX "tasks_runnable" on "tasks" ("state", "model", "class", "order_key", "queued_at");
CREATE INDEX "tasks_by_user" on "tasks" ("user_id", "state", "model", "class", "order_key");
CREATE TABLE "attempts" ("id" text primary key, "task_id" text not null references "tasks" ("id"), "request_id" text not null, "service_id" text not null, "provider_id" text not null, "epoch" integer not null, "token_hash" text not null, "state" text not null, "lease_until" bigint not null, "assigned_at" bigint not null, "progressed_at" bigint, "progress" integer default 0 not null, "finished_at" bigint, "generating_ms" bigint, "reason" text, "reason_message" text);
CREATE INDEX "attempts_by_task" on "attempts" ("task_id", "assigned_at");
CREATE INDEX "attempts_by_request" on "attempts" ("request_id", "assigned_at");
CREATE INDEX "attempts_by_lease" on "attempts" ("state", "lease_until");
CREATE INDEX "attempts_by_provider" on "attempts" ("provider_id", "state");
CREATE TABLE "assets" ("id" text primary key, "owner_id" text not null, "request_id" text not null references "requests" ("id"), "kind" text not null, "position" integer not null, "storage_key" text not null unique, "media_type" text not null, "bytes" bigint not null, "sha256" text not null, "width" integer not null, "height" integer not null, "seed" bigint, "created_at" bigint not null);
CREATE INDEX "assets_by_request" on "assets" ("request_id", "kind", "position");
CREATE TABLE "usage_images" ("asset_id" text primary key, "request_id" text not null, "user_id" text not null, "api_key_id" text not null, "provider_id" text not null, "service_id" text not null, "kind" text not null, "model" text not null, "width" integer not null, "height" integer not null, "generating_ms" bigint not null, "created_at" bigint not null);
CREATE INDEX "usage_images_by_time" on "usage_images" ("created_at");
insert into "kysely_migration" (name, timestamp) values
  ('001-spine', '2026-11-22T16:15:54.000Z');
insert into "kysely_migration_lock" (id, is_locked) values
  ('migration_lock', 0);
insert into "users" (id, name, email, email_verified, role, created_at, updated_at) values
  ('usr_admin', 'Admin', 'admin@localhost', 0, 'admin', 1795365000000, 1795365000000),
  ('usr_ann', 'Ann', 'ann@example.org', 0, 'member', 1795365000000, 1795365000000);
insert into "api_keys" (id, user_id, name, prefix, hash, scopes, created_at) values
  ('key_ann', 'usr_ann', 'ann', 'ic_ann', 'hash_ann', 'images', 1795365000000);
insert into "providers" (id, owner_id, name, epoch, agent_version, connected_at, online_until, last_seen_at) values
  ('prv_a', 'usr_ann', 'attic', 1, '0.1.0', 1795365000000, 1795365000000, 1795365000000);
insert into "services" (id, provider_id, name, type, engine, concurrency, timeout_ms, access, declared, faults_in_row, cooling_until) values
  ('svc_a', 'prv_a', 'demo', 'image', 'demo', 1, 60000, '"members"', 1, 0, 0);
insert into "service_models" (service_id, model, features, created_at) values
  ('svc_a', 'demo', 'edit', 1795365000000);
insert into "requests" (id, user_id, api_key_id, kind, state, is_async, model, prompt, parameters, n, created_at, finished_at, warnings) values
  ('req_two', 'usr_ann', 'key_ann', 'generation', 'succeeded', 1, 'demo', 'a fox', '{}', 2, 1795365000000, 1795365009000, '[]'),
  ('req_one', 'usr_ann', 'key_ann', 'generation', 'succeeded', 1, 'demo', 'a fox', '{}', 1, 1795365000000, 1795365009000, '[]'),
  ('req_waiting', 'usr_ann', 'key_ann', 'generation', 'queued', 1, 'demo', 'a fox', '{}', 1, 1795365000000, null, '[]');
insert into "tasks" (id, request_id, user_id, position, state, kind, model, needs, seed, class, order_key, queued_at, node_faults, losses, asset_id, warnings, finished_at) values
  ('tsk_req_two_0', 'req_two', 'usr_ann', 0, 'succeeded', 'generation', 'demo', '', 7, 1, 1795368600000, 1795368600000, 0, 0, 'ast_req_two_0', '[]', 1795368605000),
  ('tsk_req_two_1', 'req_two', 'usr_ann', 1, 'succeeded', 'generation', 'demo', '', 7, 1, 1795365000000, 1795365000000, 0, 0, 'ast_req_two_1', '[]', 1795365005000),
  ('tsk_req_one_0', 'req_one', 'usr_ann', 0, 'succeeded', 'generation', 'demo', '', 7, 1, 1795365000000, 1795365000000, 0, 0, 'ast_req_one_0', '[]', 1795365005000),
  ('tsk_req_waiting_0', 'req_waiting', 'usr_ann', 0, 'queued', 'generation', 'demo', '', 7, 1, 1795365000000, 1795365000000, 0, 0, null, null, null);
insert into "attempts" (id, task_id, request_id, service_id, provider_id, epoch, token_hash, state, lease_until, assigned_at, progress, finished_at, generating_ms) values
  ('att_req_two_0', 'tsk_req_two_0', 'req_two', 'svc_a', 'prv_a', 1, 'hash', 'succeeded', 1795368630000, 1795368600000, 0, 1795368605000, 4000),
  ('att_req_two_1', 'tsk_req_two_1', 'req_two', 'svc_a', 'prv_a', 1, 'hash', 'succeeded', 1795365030000, 1795365000000, 0, 1795365005000, 4000),
  ('att_req_one_0', 'tsk_req_one_0', 'req_one', 'svc_a', 'prv_a', 1, 'hash', 'succeeded', 1795365030000, 1795365000000, 0, 1795365005000, 4000);
insert into "assets" (id, owner_id, request_id, kind, position, storage_key, media_type, bytes, sha256, width, height, seed, created_at) values
  ('ast_req_two_0', 'usr_ann', 'req_two', 'output', 0, 'images/aa/req_two_0', 'image/png', 100, 'sha_req_two_0', 64, 64, 7, 1795368605000),
  ('ast_req_two_1', 'usr_ann', 'req_two', 'output', 1, 'images/aa/req_two_1', 'image/png', 101, 'sha_req_two_1', 64, 64, 7, 1795365005000),
  ('ast_req_one_0', 'usr_ann', 'req_one', 'output', 0, 'images/aa/req_one_0', 'image/png', 100, 'sha_req_one_0', 64, 64, 7, 1795365005000);
insert into "usage_images" (asset_id, request_id, user_id, api_key_id, provider_id, service_id, kind, model, width, height, generating_ms, created_at) values
  ('ast_req_two_0', 'req_two', 'usr_ann', 'key_ann', 'prv_a', 'svc_a', 'generation', 'demo', 64, 64, 4000, 1795368605000),
  ('ast_req_two_1', 'req_two', 'usr_ann', 'key_ann', 'prv_a', 'svc_a', 'generation', 'demo', 64, 64, 4000, 1795365005000),
  ('ast_req_one_0', 'req_one', 'usr_ann', 'key_ann', 'prv_a', 'svc_a', 'generation', 'demo', 64, 64, 4000, 1795365005000);
