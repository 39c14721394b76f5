/** A style sheet as text, as Vite hands it over. */
declare module '*.css?raw' {
  const css: string
  export default css
}
