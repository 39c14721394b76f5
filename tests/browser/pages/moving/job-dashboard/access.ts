/** The access token of the page, and requests that bring it: one refresh after a 401. */

const KEPT = 'access_token'

export async function refreshAccessToken(): Promise<void> {
  const user = new URLSearchParams(location.search).get('user')
  localStorage.setItem(KEPT, await (await fetch(`/token?user=${user}`)).text())
}

export async function accessToken(): Promise<string> {
  if (!localStorage.getItem(KEPT)) await refreshAccessToken()
  return localStorage.getItem(KEPT) ?? ''
}

interface Asked {
  method?: string
  body?: object
}

/** Answers what stands in `data`; what the server refuses is thrown with its message. */
export async function ask<Data>(path: string, { method = 'GET', body }: Asked = {}, isSecond = false): Promise<Data> {
  const headers = {
    Authorization: `Bearer ${await accessToken()}`,
    ...(body && { 'Content-Type': 'application/json' }),
  }
  const response = await fetch(`/api/jobs${path}`, { method, headers, body: body && JSON.stringify(body) })
  if (response.status === 401 && !isSecond) {
    await refreshAccessToken()
    return ask(path, { method, body }, true)
  }
  const { data, error } = await response.json()
  if (!response.ok) throw new Error(error.message)
  return data
}
