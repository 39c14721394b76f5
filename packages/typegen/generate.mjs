/**
 * Writes the TypeScript types of what the server sends, from the documents in docs/reference.
 *
 *   node packages/typegen/generate.mjs                    writes what is stale
 *   node packages/typegen/generate.mjs --check            names what is stale, and fails
 *   node packages/typegen/generate.mjs --print openapi    prints one file: openapi, or asyncapi
 *
 * `cargo xtask codegen` does the same after it has written the documents.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import openapiTS, { astToString, stringToAST } from 'openapi-typescript'
import ts from 'typescript'

const root = new URL('../../', import.meta.url)
const generated = 'packages/client/src/generated/'
const biome = fileURLToPath(new URL('node_modules/@biomejs/biome/bin/biome', root))

const FILES = { openapi, asyncapi }

const read = (path) => readFileSync(new URL(path, root), 'utf8')
const document = (name) => withoutNulls(JSON.parse(read(`docs/reference/${name}.json`)))

/** Records, requests, answers and routes. */
async function openapi() {
  return file('openapi', await openapiTS(document('openapi'), { transform, silent: true }))
}

/**
 * The frames, each under the name of its message. AsyncAPI is not what the library reads, but the payloads are schemas like any other:
 * they stand in for the schemas of an OpenAPI document. What they refer to is in the other file.
 */
async function asyncapi() {
  const { components } = document('asyncapi')
  if (!isDeepStrictEqual(components.schemas, document('openapi').components.schemas)) {
    throw new Error('docs/reference/asyncapi.json and openapi.json show other schemas; write both again')
  }
  const schemas = {}
  for (const [name, message] of Object.entries(components.messages)) schemas[name] = elsewhere(message.payload)
  const frames = { openapi: '3.1.0', info: { title: 'frames', version: '1' }, paths: {}, components: { schemas } }
  const nodes = await openapiTS(frames, { transform, silent: true })
  const interfaces = nodes.filter((node) => node.name?.text === 'components')
  return file('asyncapi', [
    ...stringToAST("import type { components as documented } from './openapi.js'"),
    ...interfaces,
  ])
}

/**
 * The server takes `null` for a field that may be left out, and never sends it. In the types there is one way to say that nothing is there; only
 * where `null` clears a value it stays.
 */
const CLEARED_BY_NULL = ['PatchJob']

function withoutNulls(value, key) {
  if (value === null || typeof value !== 'object' || CLEARED_BY_NULL.includes(key)) return value
  if (Array.isArray(value)) return value.map((each) => withoutNulls(each))
  const own = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutNulls(each, name)]))
  if (Array.isArray(own.type)) own.type = single(own.type.filter((type) => type !== 'null'))
  if (!own.oneOf?.some((schema) => schema.type === 'null')) return own
  const { oneOf, ...rest } = own
  const kept = oneOf.filter((schema) => schema.type !== 'null')
  return kept.length === 1 ? { ...rest, ...kept[0] } : { ...rest, oneOf: kept }
}

const single = (list) => (list.length === 1 ? list[0] : list)

/** The payload with its references taken out of the library's hands, to be written by `transform`. */
function elsewhere(schema) {
  if (Array.isArray(schema)) return schema.map(elsewhere)
  if (schema === null || typeof schema !== 'object') return schema
  const { $ref, ...rest } = schema
  const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, elsewhere(value)]))
  return $ref ? { ...own, type: 'object', 'x-documented': $ref.replace('#/components/schemas/', '') } : own
}

const word = (text) => ts.factory.createLiteralTypeNode(ts.factory.createStringLiteral(text))
const indexed = (type, name) => ts.factory.createIndexedAccessTypeNode(type, word(name))

/** What the library does not know: lists of words that may grow, and schemas of the other file. */
function transform(schema) {
  const known = schema['x-extensible-enum']
  if (known) {
    const string = ts.factory.createKeywordTypeNode(ts.SyntaxKind.StringKeyword)
    const any = ts.factory.createIntersectionTypeNode([string, ts.factory.createTypeLiteralNode([])])
    return ts.factory.createUnionTypeNode([...known.map(word), ts.factory.createParenthesizedType(any)])
  }
  const name = schema['x-documented']
  if (name) return indexed(indexed(ts.factory.createTypeReferenceNode('documented'), 'schemas'), name)
  return undefined
}

/** A whole file, formatted like the rest of the sources. */
function file(name, nodes) {
  const head = `/**\n * Written by \`cargo xtask codegen\` from docs/reference/${name}.json. Names for it are in records.ts and frames.ts.\n */\n`
  const path = `${generated}${name}.ts`
  const text = head + astToString(nodes)
  const cwd = fileURLToPath(root)
  const run = spawnSync(process.execPath, [biome, 'check', '--write', `--stdin-file-path=${path}`], {
    cwd,
    input: text,
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`biome: ${run.error?.message ?? run.stderr}`)
  return run.stdout
}

async function main([mode, name]) {
  if (mode === '--print' && Object.hasOwn(FILES, name)) {
    process.stdout.write(await FILES[name]())
    return
  }
  if (mode !== undefined && mode !== '--check')
    throw new Error('use: generate.mjs [--check | --print openapi | --print asyncapi]')
  for (const [name, make] of Object.entries(FILES)) {
    const path = `${generated}${name}.ts`
    const text = await make()
    if (present(path) === text) continue
    if (mode === '--check') {
      process.exitCode = 1
      console.error(`${path} is stale; run \`cargo xtask codegen\` and commit what it writes`)
    } else {
      writeFileSync(new URL(path, root), text)
      console.log(`wrote ${path}`)
    }
  }
}

function present(path) {
  try {
    return read(path)
  } catch {
    return undefined
  }
}

await main(process.argv.slice(2))
