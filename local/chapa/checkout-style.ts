import { Html } from "./html.ts";

/** The style of the payer's page. It loads no fonts or images. */
export const STYLE = new Html(`
:root { color-scheme: light dark; --ink: #16231b; --soft: #5d6b62; --line: #dfe6e1; --page: #f1f5f2; --card: #fff;
  --green: #3f7d0c; --on-green: #fff; --bad: #a8321f; --field: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9f0eb; --soft: #9fb0a5; --line: #2c3a32; --page: #0f1612;
  --card: #17211b; --green: #8bd23c; --on-green: #10200a; --bad: #ff9d8a; --field: #0f1612; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 24px 16px 48px; background: var(--page); color: var(--ink);
  font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans Ethiopic", sans-serif; }
main { max-width: 420px; margin: 0 auto; }
.notice { margin: 0 0 14px; text-align: center; font-size: 13px; color: var(--soft); }
.notice b { color: var(--green); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 18px; overflow: hidden;
  box-shadow: 0 12px 32px rgb(10 40 20 / .08); }
header { padding: 22px 22px 18px; border-bottom: 1px dashed var(--line); }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h1 { margin: 0 0 2px; font-size: 17px; }
.amount { margin: 12px 0 4px; font-size: 38px; line-height: 1.1; font-weight: 700; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; color: var(--ink); }
.amount small { font-size: 17px; font-weight: 600; color: var(--soft); letter-spacing: 0; }
code { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
section { padding: 18px 22px 22px; }
h2 { margin: 0 0 4px; font-size: 19px; }
h2.good { color: var(--green); }
h2.bad, .bad { color: var(--bad); }
section > p:not(.alert) { margin: 0 0 14px; color: var(--soft); }
label { display: block; margin-bottom: 4px; font-size: 13px; color: var(--soft); }
input, select, button, .button { width: 100%; min-height: 46px; padding: 0 14px; border-radius: 11px; font: inherit;
  border: 1px solid var(--line); background: var(--field); color: var(--ink); }
button, .button { display: grid; place-items: center; font-weight: 600; cursor: pointer; text-decoration: none; }
button:hover, .button:hover { border-color: var(--green); }
button:active { transform: translateY(1px); }
:focus-visible { outline: 3px solid color-mix(in srgb, var(--green) 55%, transparent); outline-offset: 1px; }
.main { background: var(--green); border-color: var(--green); color: var(--on-green); }
.note { margin: 6px 0 14px; font-size: 13px; color: var(--soft); }
.row { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(96px, 1fr)); margin-top: 10px; }
.row form { display: contents; }
.quiet button { min-height: 42px; font-weight: 500; font-size: 14px; color: var(--soft); }
details { border-top: 1px solid var(--line); }
summary { padding: 16px 22px; cursor: pointer; font-weight: 600; font-size: 15px; }
.tests { padding: 0 22px 20px; display: grid; gap: 14px; }
.tests form { display: grid; gap: 8px 12px; grid-template-columns: 1fr 144px; align-items: center; }
.tests p { margin: 0; font-size: 13.5px; line-height: 1.35; color: var(--soft); }
.tests .fields { grid-area: 2 / 1 / 3 / 3; display: grid; gap: 8px; grid-auto-flow: column; grid-auto-columns: 1fr; }
.tests input, .tests select, .tests button { min-height: 40px; font-size: 14px; padding: 0 10px; min-width: 0; }
.tests button { grid-area: 1 / 2; }
.alert { margin: 18px 22px 0; padding: 10px 14px; border-radius: 11px; color: var(--bad);
  background: color-mix(in srgb, var(--bad) 10%, transparent); }
.alert.inside { margin: 0 0 16px; }
.wait { width: 34px; height: 34px; margin: 4px 0 12px; border-radius: 50%; border: 4px solid var(--line);
  border-top-color: var(--green); animation: turn 1s linear infinite; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .wait { animation: none; } }
dl { display: grid; grid-template-columns: auto 1fr; gap: 6px 16px; margin: 0 0 16px; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
`);
