// Runs the cases of one JavaScript client; the counterpart of harness.py.

'use strict';

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

const PART = 100 * 1024;
const REGION = 'cn-hangzhou';

const ODD_KEYS = [
  'with space',
  'plus+plus',
  'per%cent%20and%2F',
  'a/b/c.d',
  'double//slash',
  'trailing/',
  '中文/文件名',
  'form\x0cfeed',
  '<quotes\'"&>',
  'tilde~!*(),;:@=$',
  'question?hash#',
  'emoji 😀',
];

class Setup {
  constructor(fields) {
    Object.assign(this, fields);
  }

  // Runs a client command of the emulator and returns its stdout.
  tool(...words) {
    const keys = ['--access-key-id', this.key_id, '--access-key-secret', this.secret];
    return execFileSync(this.emulator, [...words, ...keys, '--region', REGION], {
      timeout: 20000,
      maxBuffer: 64 << 20,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  // The content of an object, read with the client command of the emulator.
  read(key, bucket) {
    return this.tool('get', this.address(key, bucket));
  }

  // Stores an object with the client command of the emulator.
  store(key, content, bucket) {
    const file = path.join(this.folder, crypto.createHash('md5').update(key).digest('hex'));
    fs.writeFileSync(file, content);
    this.tool('put', this.address(key, bucket), file);
  }

  exists(key) {
    return this.objects(key).includes(key);
  }

  // The keys of the bucket.
  objects(prefix = '') {
    const lines = this.tool('ls', this.address(prefix)).toString().split('\n').filter(Boolean);
    return lines.map(line => line.replace(/^ *\d+ /, ''));
  }

  // The unfinished uploads of the bucket, as pairs of key and upload ID.
  uploads(prefix = '') {
    const lines = this.tool('uploads', this.address(prefix)).toString().split('\n');
    return lines.filter(Boolean).map(line => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    });
  }

  address(key, bucket = this.bucket) {
    return `${this.url}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }
}

// Pseudo-random bytes, so that all parts differ.
function content(size, seed = 'seed') {
  const key = crypto.createHash('sha256').update(seed).digest();
  return crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

function partsOf(data, size = PART) {
  const count = Math.ceil(data.length / size);
  return Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
}

function md5(data) {
  return crypto.createHash('md5').update(data).digest('hex').toUpperCase();
}

function contentMd5(data) {
  return crypto.createHash('md5').update(data).digest('base64');
}

// Sorts by UTF-8 bytes, as the lists of the service are sorted.
function sorted(pairs) {
  const bytes = pair => Buffer.from([].concat(pair).join('\0'));
  return [...pairs].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

// Sends a presigned request with the given headers only.
function send(method, url, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method, timeout: 20000, headers: { 'Content-Length': body.length, ...headers },
    }, response => {
      const chunks = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }));
    });
    request.on('timeout', () => request.destroy(new Error('no response in time')));
    request.on('error', reject);
    request.end(body);
  });
}

function same(what, found, wanted) {
  assert.deepStrictEqual(found, wanted, `${what}: ${short(found)}, not ${short(wanted)}`);
}

function sameBytes(what, found, wanted) {
  const describe = data => `${data.length} bytes ${md5(data)}`;
  const message = `${what}: ${describe(found)}, not ${describe(wanted)}`;
  assert.ok(Buffer.compare(found, wanted) === 0, message);
}

function short(value) {
  const text = JSON.stringify(value) || String(value);
  return text.length < 300 ? text : `${text.slice(0, 300)}…`;
}

// Fails unless the call fails with this error of the service.
async function expectError(status, code, call) {
  try {
    await call();
  } catch (error) {
    if (error.status === undefined) throw error;
    same('error', [error.status, error.code], [status, code]);
    return;
  }
  assert.fail(`the call succeeded, not ${status} ${code}`);
}

// Runs the requested cases and reports each as a line of JSON.
async function run(Client, cases, unsupported) {
  const setup = new Setup(JSON.parse(process.argv[2]));
  for (const name of setup.cases) {
    if (unsupported.has(name)) {
      report(name, 'unsupported');
    } else if (!cases[name]) {
      report(name, 'FAIL', 'this client has no such case');
    } else {
      try {
        await cases[name](new Client(setup));
        report(name, 'ok');
      } catch (error) {
        const line = /clients\/(\w+_client\.js:\d+)/.exec(error.stack);
        report(name, 'FAIL', `${error.name} at ${line && line[1]}: ${error.message}`);
      }
    }
  }
}

function report(name, result, reason = '') {
  process.stdout.write(`${JSON.stringify({ case: name, result, reason })}\n`);
}

module.exports = {
  ODD_KEYS, PART, REGION, content, contentMd5, expectError, md5, partsOf, run, same, sameBytes,
  send, sorted,
};
