// Judges requests and replies by Google's own description of the Calendar API, stricter than it reads:
// members that the description does not name are mistakes.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const shared = process.env.MORTISE_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
export const specFile = join(shared, 'specs', 'google-calendar-openapi.json');
export const specMissing = existsSync(specFile) ? false : `${specFile} is not here`;

function close(schema) {
  if (schema === null || typeof schema !== 'object') return;
  if (schema.properties && schema.additionalProperties === undefined) schema.additionalProperties = false;
  for (const part of Object.values(schema)) close(part);
}

// The reference allows local times beside a timeZone, and null in a patch; the description says neither.
function asDescribed(body, patch) {
  if (Array.isArray(body)) return body.map((part) => asDescribed(part, patch));
  if (body === null || typeof body !== 'object') return body;
  const kept = {};
  for (const [key, value] of Object.entries(body)) {
    if (value === null && patch) continue;
    const local = key === 'dateTime' && body.timeZone && /T[\d:.]+$/.test(value);
    kept[key] = local ? `${value}Z` : asDescribed(value, patch);
  }
  return kept;
}

/** A judge: (entry of the request log) -> list of what is wrong with it. */
export function googleJudge() {
  const spec = JSON.parse(readFileSync(specFile, 'utf8'));
  close(spec.components.schemas);
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(spec, 'google');
  const pointer = (...parts) => parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const check = (what, where, value) => {
    const judge = ajv.getSchema(`google#/${where}`) ?? ajv.compile({ $ref: `google#/${where}` });
    if (judge(value)) return [];
    return judge.errors.map((error) => `${what}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
  };
  return (entry) => {
    const method = entry.method.toLowerCase();
    const operation = spec.paths[entry.route]?.[method];
    if (!operation) return entry.status === 404 || entry.route === '/calendar/v3' ? [] : [`${entry.method} ${entry.route}: no such operation`];
    const problems = [];
    const sent = entry.status < 400;
    for (const [name, text] of sent ? entry.query : []) {
      const described = operation.parameters.find((parameter) => parameter.in === 'query' && parameter.name === name);
      if (!described) {
        problems.push(`query ${name}: not described`);
        continue;
      }
      const type = described.schema.type === 'array' ? described.schema.items.type : described.schema.type;
      if (type === 'integer' && !/^\d+$/.test(text)) problems.push(`query ${name}: ${text} is no integer`);
      if (type === 'boolean' && !/^(true|false)$/.test(text)) problems.push(`query ${name}: ${text} is no boolean`);
    }
    if (sent && operation.requestBody) {
      const where = pointer('paths', entry.route, method, 'requestBody', 'content', 'application/json', 'schema');
      problems.push(...check('request', where, asDescribed(entry.body, method === 'patch')));
    }
    const selected = entry.query.some(([name]) => name === 'fields');
    if (entry.reply && typeof entry.reply === 'object' && !selected) {
      const schema = operation.responses[entry.status]?.content?.['application/json'];
      const where = schema
        ? pointer('paths', entry.route, method, 'responses', `${entry.status}`, 'content', 'application/json', 'schema')
        : pointer('components', 'schemas', 'ApiError');
      problems.push(...check('reply', where, entry.reply));
    }
    return problems.map((problem) => `${entry.method} ${entry.route} (${entry.status}) ${problem}`);
  };
}

/** Everything that a simulation was asked and answered so far, judged. */
export async function judgeLog(simulation) {
  const judge = googleJudge();
  const { requests } = await simulation.control('GET', 'requests?provider=google&replies=1');
  const calls = requests.filter((entry) => entry.path.startsWith('/calendar/v3/') && !entry.fault);
  return { calls, problems: [...new Set(calls.flatMap(judge))] };
}
