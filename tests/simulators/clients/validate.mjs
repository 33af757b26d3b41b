// Holds recorded requests and replies against the providers' own API descriptions.
//
//   import { Oracle } from './validate.mjs';
//   const oracle = await Oracle.load();            // null: the descriptions are not on this machine
//   const { checked, failures } = oracle.check(log) // entries of /control/requests?replies=1
//
// As a program: node validate.mjs <base URL of mortise-simulators>; exit 1 if anything fails, 77 if there
// are no descriptions.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import { googleJudge, specFile as googleFile } from './google_spec.mjs';

const notionFile = 'notion-openapi-official-2026-03.json';
const here = dirname(fileURLToPath(import.meta.url));

function specFolder() {
  const shared = process.env.MORTISE_SHARED ?? resolve(here, '../../../../shared');
  return join(shared, 'specs');
}

/**
 * The descriptions close objects with additionalProperties:false and then combine them with allOf, which
 * taken literally no value can satisfy. What is meant is "nothing beyond all of them together":
 * unevaluatedProperties:false around the members, each left open.
 */
function openAllOf(description) {
  const follow = (ref) => ref.slice(2).split('/').reduce(
    (at, part) => at[part.replaceAll('~1', '/').replaceAll('~0', '~')], description);
  const loosen = (schema, seen) => {
    if (schema.$ref) {
      if (seen.includes(schema.$ref)) return { schema, closed: false };
      return loosen(follow(schema.$ref), [...seen, schema.$ref]);
    }
    const open = { ...schema };
    let closed = open.additionalProperties === false;
    if (closed) delete open.additionalProperties;
    for (const word of ['allOf', 'anyOf', 'oneOf']) {
      if (!open[word]) continue;
      open[word] = open[word].map((member) => {
        const inner = loosen(member, seen);
        closed ||= inner.closed;
        return inner.schema;
      });
    }
    return { schema: open, closed };
  };
  const done = new Set();
  const walk = (node) => {
    if (node === null || typeof node !== 'object' || done.has(node)) return;
    done.add(node);
    Object.values(node).forEach(walk);
    if (!Array.isArray(node.allOf)) return;
    const { schema, closed } = loosen({ allOf: node.allOf }, []);
    node.allOf = schema.allOf;
    if (closed) node.unevaluatedProperties = false;
  };
  walk(description);
  // Since the description was made a status takes options as a select does: the client's types say so.
  const { schemas } = description.components;
  schemas.statusPropertyConfigurationRequest.properties.status =
    schemas.selectPropertyConfigurationRequest.properties.select;
  const change = description.paths['/v1/data_sources/{data_source_id}'].patch.requestBody
    .content['application/json'].schema.properties.properties.additionalProperties;
  const kinds = change.oneOf[0].allOf[1].oneOf;
  const titled = (title) => kinds.find((kind) => kind.title === title);
  titled('Status').properties.status = titled('Select').properties.select;
  // Real error bodies carry a request_id that the description leaves out.
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    if (name.startsWith('error_')) delete schema.unevaluatedProperties;
  }
  return description;
}

function newAjv() {
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
  const day = '\\d{4}-\\d{2}-\\d{2}';
  const clock = 'T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:?\\d{2})?';
  ajv.addFormat('uuid', /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i);
  ajv.addFormat('date-time', new RegExp(`^${day}${clock}$`));
  // Notion's description says "date" where dates with times are valid too.
  ajv.addFormat('date', new RegExp(`^${day}(${clock})?$`));
  for (const name of ['int32', 'int64', 'uint32', 'double', 'float', 'byte', 'uri', 'url', 'email', 'google-datetime']) {
    ajv.addFormat(name, true);
  }
  return ajv;
}

const pointer = (...parts) => parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');

/** Judges by Notion's description. */
class NotionJudge {
  constructor(json) {
    this.json = openAllOf(json);
    this.ajv = newAjv();
    this.ajv.addSchema(this.json, 'notion');
    this.compiled = new Map();
    this.operations = [];
    for (const [path, methods] of Object.entries(json.paths)) {
      for (const method of Object.keys(methods)) {
        this.operations.push({ path, method: method.toUpperCase(), parts: path.split('/').slice(1) });
      }
    }
    // A literal segment is a better match than a parameter.
    const open = (operation) => operation.parts.filter((part) => part.startsWith('{')).length;
    this.operations.sort((a, b) => open(a) - open(b));
  }

  find(entry) {
    const parts = entry.path.split('/').slice(1);
    return this.operations.find((operation) => operation.method === entry.method &&
      operation.parts.length === parts.length &&
      operation.parts.every((part, i) => part.startsWith('{') || part === decodeURIComponent(parts[i])));
  }

  check(where, value) {
    let validate = this.compiled.get(where);
    if (!validate) {
      validate = this.ajv.compile({ $ref: `notion#/${where}` });
      this.compiled.set(where, validate);
    }
    if (validate(value)) return undefined;
    const deepest = [...validate.errors].sort((a, b) => b.instancePath.length - a.instancePath.length)[0];
    return `${deepest.instancePath || '/'} ${deepest.message} ${JSON.stringify(deepest.params)}`;
  }

  /** What is wrong with the request, as sentences. */
  request(entry) {
    const operation = this.find(entry);
    if (!operation) return [`no such operation: ${entry.method} ${entry.path}`];
    const found = this.json.paths[operation.path][operation.method.toLowerCase()];
    const at = ['paths', operation.path, operation.method.toLowerCase()];
    const problems = this.parameters(found, at, entry);
    const schema = found.requestBody?.content?.['application/json']?.schema;
    if (schema) {
      const required = found.requestBody.required !== false || entry.body !== null;
      const where = pointer(...at, 'requestBody', 'content', 'application/json', 'schema');
      const problem = required ? this.check(where, entry.body ?? {}) : undefined;
      if (problem) problems.push(`body: ${problem}`);
    } else if (entry.body !== null) {
      problems.push('a body where none is taken');
    }
    return problems;
  }

  parameters(found, at, entry) {
    const problems = [];
    const known = new Map();
    (found.parameters ?? []).forEach((given, i) => {
      const parameter = given.$ref ? this.json.components.parameters[given.$ref.split('/').at(-1)] : given;
      const where = given.$ref ? pointer(...given.$ref.slice(2).split('/'), 'schema')
        : pointer(...at, 'parameters', String(i), 'schema');
      known.set(`${parameter.in} ${parameter.name.toLowerCase()}`, { parameter, where });
    });
    const seen = new Map();
    for (const [name, value] of entry.query) {
      const plain = name.replace(/\[\]$/, '');
      if (!known.has(`query ${plain.toLowerCase()}`)) problems.push(`unknown query parameter ${name}`);
      seen.set(plain, [...(seen.get(plain) ?? []), value]);
    }
    for (const { parameter, where } of known.values()) {
      if (parameter.in === 'query' && seen.has(parameter.name)) {
        const problem = this.check(where, coerce(parameter.schema, seen.get(parameter.name)));
        if (problem) problems.push(`query ${parameter.name}: ${problem}`);
      }
      if (parameter.in === 'header') {
        const header = Object.entries(entry.headers).find(([name]) => name.toLowerCase() === parameter.name.toLowerCase());
        if (!header && parameter.required) problems.push(`header ${parameter.name} is missing`);
        const problem = header && this.check(where, header[1]);
        if (problem) problems.push(`header ${parameter.name}: ${problem}`);
      } else if (parameter.in === 'query' && parameter.required && !seen.has(parameter.name)) {
        problems.push(`query ${parameter.name} is missing`);
      }
    }
    return problems;
  }

  /** What is wrong with a webhook's event. */
  webhook(event) {
    const words = event.type.split(/[._]/).map((word, i) => (i === 0 ? word : word[0].toUpperCase() + word.slice(1)));
    return this.check(`components/schemas/${words.join('')}WebhookPayload`, event);
  }

  reply(entry) {
    const operation = this.find(entry);
    // Injected faults and statuses beyond the description are not the description's business.
    if (!operation || entry.fault || entry.status === 0) return [];
    const method = operation.method.toLowerCase();
    const response = this.json.paths[operation.path][method].responses[String(entry.status)];
    if (!response) return entry.status < 400 ? [`status ${entry.status} is not described`] : [];
    if (!response.content) return entry.reply ? ['a body where none is described'] : [];
    const where = pointer('paths', operation.path, method, 'responses', String(entry.status), 'content',
      'application/json', 'schema');
    const problem = this.check(where, entry.reply);
    return problem ? [`reply: ${problem}`] : [];
  }
}

function coerce(schema, values) {
  const one = (type, text) => (type === 'number' || type === 'integer') ? Number(text)
    : type === 'boolean' ? text === 'true' : text;
  if (schema.type === 'array') return values.map((text) => one(schema.items?.type, text));
  return one(schema.type, values[0]);
}

export class Oracle {
  /** Null if a description is not on this machine (MORTISE_SHARED, or ../shared beside the clone). */
  static async load(providers = ['notion', 'google']) {
    const file = join(specFolder(), notionFile);
    const files = { notion: file, google: googleFile };
    if (!providers.every((provider) => existsSync(files[provider]))) return null;
    const oracle = new Oracle();
    if (providers.includes('notion')) oracle.notion = new NotionJudge(JSON.parse(await readFile(file, 'utf8')));
    if (providers.includes('google')) oracle.google = googleJudge();
    return oracle;
  }

  /** What is wrong with one entry; null if no description covers it. */
  judge(entry) {
    if (this.notion && entry.provider === 'notion') {
      return [...this.notion.request(entry), ...('reply' in entry ? this.notion.reply(entry) : [])];
    }
    // Google's description leaves out its token calls.
    if (!this.google || !entry.path.startsWith('/calendar/v3/')) return null;
    return this.google(entry.fault ? { ...entry, reply: undefined } : entry);
  }

  /**
   * Checks log entries: {checked, failures: [{number, status, call, problems}]}. Replies are checked where
   * the entries have them and no fault was injected. Secrets arrive as "(hidden)", still strings.
   */
  check(entries) {
    const failures = [];
    let checked = 0;
    for (const entry of entries) {
      const problems = this.judge(entry);
      if (problems === null) continue;
      ++checked;
      if (problems.length === 0) continue;
      failures.push({ number: entry.number, status: entry.status, call: `${entry.method} ${entry.path}`, problems });
    }
    return { checked, failures };
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const oracle = await Oracle.load();
  if (!oracle) {
    console.log('skipped: the API descriptions are not on this machine');
    process.exit(77);
  }
  const answer = await fetch(`${process.argv[2]}/control/requests?replies=1`);
  const { checked, failures } = oracle.check((await answer.json()).requests);
  for (const { number, call, problems } of failures) console.error(`#${number} ${call}: ${problems.join('; ')}`);
  console.log(`${checked} calls checked, ${failures.length} wrong`);
  process.exit(failures.length > 0 ? 1 : 0);
}
