// Sign-in with a session cookie, as small as can be: sessions live in memory, and nobody asks for a password.

import { randomBytes } from 'node:crypto'

const sessions = new Map()

export function signIn(req, res) {
  const { name } = req.body ?? {}
  if (!/^[a-z]{1,20}$/.test(name)) return res.status(400).json({ error: 'name must be 1 to 20 small letters' })
  const sid = randomBytes(24).toString('base64url')
  sessions.set(sid, name)
  res.cookie('sid', sid, { httpOnly: true, sameSite: 'lax' }).json({ name })
}

/** Says who asks, in the form that an OpenID Connect middleware uses. */
export function session(req, _res, next) {
  const name = sessions.get(/(?:^|;\s*)sid=([^;]*)/.exec(req.headers.cookie ?? '')?.[1])
  if (name) req.user = { claims: { sub: name } }
  next()
}
