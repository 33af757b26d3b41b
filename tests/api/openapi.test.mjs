// docs/openapi.yaml is true in both directions: every route is described and every description is a
// route; every exchange that the API tests had fits its description; every operation was exercised.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const packages = createRequire(join(here, '../simulators/clients/package.json'));
const { default: Ajv } = packages('ajv/dist/2020.js');
const { default: addFormats } = packages('ajv-formats');
const YAML = packages('yaml');

const build = process.env.MORTISE_BINARY_DIR;
const description = YAML.parse(readFileSync(join(here, '../../docs/openapi.yaml'), 'utf8'));
const routes = JSON.parse(readFileSync(join(build, 'api-routes.json'), 'utf8'));
const exchanges = readFileSync(join(build, 'api-exchanges.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

const follow = (node) => (node?.$ref
  ? follow(node.$ref.slice(2).split('/').reduce((at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], description))
  : node);

const operations = new Map();
for (const [path, item] of Object.entries(description.paths)) {
  for (const method of ['get', 'put', 'post', 'patch', 'delete']) {
    if (!item[method]) continue;
    const operation = item[method];
    assert.ok(!operations.has(operation.operationId), `${operation.operationId} is described twice`);
    operations.set(operation.operationId, {
      ...operation, path, method: method.toUpperCase(),
      parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(follow),
    });
  }
}

// The description leaves objects open, so that clients expect new members. Here a member that is not
// described is an error, or the description would go stale unseen.
function close(node) {
  if (Array.isArray(node)) return node.map(close);
  if (!node || typeof node !== 'object') return node;
  const closed = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, close(value)]));
  if (closed.properties && closed.additionalProperties === undefined && closed.type === 'object') {
    closed.unevaluatedProperties = false;
  }
  if (closed.allOf) closed.unevaluatedProperties = false;
  return closed;
}

function openInsideAllOf(node) {
  for (const schema of Object.values(node.components.schemas)) {
    for (const part of schema.allOf ?? []) {
      const target = part.$ref ? node.components.schemas[part.$ref.split('/').at(-1)] : part;
      target['x-open'] = true;
    }
  }
  return node;
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const closed = close(openInsideAllOf(structuredClone(description)));
for (const schema of Object.values(closed.components.schemas)) {
  // What other schemas extend stays open itself; it is closed where it is used as it is.
  if (schema['x-open']) delete schema.unevaluatedProperties;
  for (const part of schema.allOf ?? []) if (part['x-open']) delete part.unevaluatedProperties;
}
ajv.addSchema({ $id: 'openapi', ...closed });
const validators = new Map();
function validator(pointer) {
  if (!validators.has(pointer)) validators.set(pointer, ajv.compile({ $ref: `openapi#${pointer}` }));
  return validators.get(pointer);
}
const escape = (text) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));

function where(operation, status) {
  const found = operation.responses[status] ? String(status) : 'default';
  let node = operation.responses[found];
  let pointer = `/paths/${escape(operation.path)}/${operation.method.toLowerCase()}/responses/${escape(found)}`;
  if (node?.$ref) {
    pointer = node.$ref.slice(1);
    node = follow(node);
  }
  return { node, pointer };
}

test('every route is described, and nothing else is', () => {
  // Routes of the pages (web/) are added by the wiring; the table here holds the API's own.
  const described = [...operations.values()].map((o) => `${o.method} ${o.path} ${o.operationId}`).sort();
  const served = routes.map((r) => `${r.method} ${r.path} ${r.operation}`).sort();
  assert.deepEqual(described, served);
});

test('who may call is described as it is', () => {
  for (const route of routes) {
    const operation = operations.get(route.operation);
    assert.equal(operation.security?.length === 0, route.open, `${route.operation}: security`);
    assert.equal(operation['x-scope'] ?? '', route.scope, `${route.operation}: x-scope`);
    if (!route.open) assert.equal(operation['x-callers'] !== 'apps', route.users, `${route.operation}: x-callers`);
  }
});

test('every path parameter is described', () => {
  for (const operation of operations.values()) {
    const inPath = [...operation.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]);
    const described = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
    assert.deepEqual(described, inPath, operation.operationId);
  }
});

test('the query parameters are described as they are', () => {
  for (const route of routes.filter((each) => !each.open)) {
    const described = operations.get(route.operation).parameters.filter((p) => p.in === 'query').map((p) => p.name);
    assert.deepEqual(described.sort(), route.query.sort(), route.operation);
  }
});

test('every reference leads somewhere and every schema is used', () => {
  const text = JSON.stringify(description);
  for (const [, ref] of text.matchAll(/"\$ref":"([^"]+)"/g)) assert.ok(follow({ $ref: ref }), ref);
  for (const kind of ['schemas', 'responses', 'parameters', 'headers']) {
    for (const name of Object.keys(description.components[kind])) {
      assert.ok(text.includes(`#/components/${kind}/${name}"`), `${kind}/${name} is not used`);
    }
  }
});

test('every answer fits its description', () => {
  const failures = new Set();
  for (const exchange of exchanges) {
    const operation = operations.get(exchange.operation);
    const { node, pointer } = where(operation, exchange.status);
    const name = `${exchange.operation} ${exchange.status}`;
    if (!node) {
      failures.add(`${name}: not described`);
      continue;
    }
    const types = Object.keys(node.content ?? {});
    if (exchange.content_type ? !types.includes(exchange.content_type) : types.length > 0) {
      failures.add(`${name}: content type '${exchange.content_type}', described ${types}`);
      continue;
    }
    if (!exchange.content_type.endsWith('json')) continue;
    const check = validator(`${pointer}/content/${escape(exchange.content_type)}/schema`);
    if (!check(exchange.body)) failures.add(`${name}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(exchange.body)}`);
  }
  assert.deepEqual([...failures], []);
});

test('every request that succeeded fits its description', () => {
  const failures = new Set();
  for (const exchange of exchanges) {
    if (exchange.status >= 300 || exchange.request === null) continue;
    const operation = operations.get(exchange.operation);
    if (!operation.requestBody?.content['application/json']) continue;  // a service's own form
    const pointer = `/paths/${escape(operation.path)}/${operation.method.toLowerCase()}/requestBody/content/application~1json/schema`;
    const check = validator(pointer);
    if (!check(exchange.request)) failures.add(`${exchange.operation}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(exchange.request)}`);
  }
  assert.deepEqual([...failures], []);
});

test('every operation was seen to succeed', () => {
  const seen = new Set(exchanges.filter((e) => e.status < 400).map((e) => e.operation));
  // Streams never end while recorded; exports_test.cpp reads them byte by byte.
  const missing = [...operations.keys()].filter((id) => !seen.has(id) && id !== 'watch_account');
  assert.deepEqual(missing, []);
});
