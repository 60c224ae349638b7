/** How the page looks: light and dark, from 360 pixels up, with the system's fonts and without anything from outside. */

/** The style sheet. Its colors have a contrast of at least 4.5 for text and 3 for marks (WCAG 2.2, AA). */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#171a1f;--muted:#58616d;--line:#dfe3e8;
--soft:#eef0f3;--accent:#0f6f68;--second:#6b4fd1;--good:#1b7a3d;--warn:#8a5a00;--bad:#c0222b;
--good-bg:#e3f4e9;--warn-bg:#fdf1d6;--bad-bg:#fde8e8;--shadow:0 1px 2px #10182814,0 1px 6px #1018280a}
@media(prefers-color-scheme:dark){:root{--bg:#0e1114;--card:#171b20;--text:#e8ebef;--muted:#9aa4b0;
--line:#2a3038;--soft:#20262d;--accent:#3fcabb;--second:#a793ff;--good:#56d27f;--warn:#f0b445;--bad:#ff7b7b;
--good-bg:#12301e;--warn-bg:#35290d;--bad-bg:#3d191b;--shadow:none}}
*{box-sizing:border-box}
html{scroll-padding-top:4.5rem;-webkit-text-size-adjust:100%}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
code,.path{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.87em;overflow-wrap:anywhere}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:3px}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
section:focus,main:focus{outline:none}
.muted,small{color:var(--muted)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.live{display:none}
[data-live] .live{display:revert}
.skip{position:absolute;left:1rem;top:-5rem;padding:.5rem 1rem;background:var(--card);border-radius:8px}
.skip:focus{top:.5rem;z-index:3}
header{position:sticky;top:0;z-index:2;display:flex;align-items:center;gap:1.5rem;padding:.6rem max(1rem,
calc(50vw - 40rem));background:var(--card);border-bottom:1px solid var(--line)}
.brand{display:flex;align-items:center;gap:.5rem}
.brand svg{width:1.6rem;height:1.6rem;fill:var(--accent)}
.brand path{fill:none;stroke:var(--card);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.brand b{font-size:1.1rem;letter-spacing:-.01em}
nav{display:flex;gap:.1rem;flex:1;overflow-x:auto;scrollbar-width:none}
nav a{padding:.3rem .55rem;border-radius:7px;text-decoration:none;color:var(--muted);white-space:nowrap}
nav a:hover{background:var(--soft);color:var(--text)}
.clock{display:flex;align-items:center;gap:.8rem;white-space:nowrap;color:var(--muted);font-size:.9rem}
button,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;
padding:.3rem .8rem}
button{cursor:pointer}
button:hover{background:var(--soft)}
button[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--card)}
input{border-color:var(--muted);width:21rem;max-width:100%}
input::placeholder{color:var(--muted);opacity:1}
main,footer{max-width:82rem;margin:0 auto;padding:1rem}
footer{color:var(--muted);font-size:.9rem}
footer a{margin-right:.6rem}
#lost{position:sticky;bottom:0;z-index:2;margin:0;padding:.7rem 1rem;background:var(--bad);color:var(--card);
text-align:center;font-weight:600}
[data-lost=true] main{opacity:.6}
h1{font-size:1.7rem;line-height:1.2;letter-spacing:-.02em;margin:0}
h2{font-size:1.15rem;letter-spacing:-.01em;margin:2rem 0 .7rem}
h3{font-size:.9rem;font-weight:600;color:var(--muted);margin:0}
h3.above{margin:1.3rem 0 .7rem}
.card,.summary{background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow)}
.card{padding:1rem 1.1rem}
.card p{margin:.5rem 0 0}
.card+.card{margin-top:.8rem}
.empty{margin:0!important;color:var(--muted)}
.summary{overflow:hidden}
.verdict{padding:1.2rem 1.3rem;border-left:6px solid var(--good)}
.warn>.verdict{border-color:var(--warn)}
.bad>.verdict{border-color:var(--bad)}
.verdict h1::before{content:"";display:inline-block;width:.62em;height:.62em;margin-right:.45em;border-radius:50%;
background:var(--good)}
.warn>.verdict h1::before{background:var(--warn);border-radius:2px}
.bad>.verdict h1::before{background:var(--bad);border-radius:0;transform:rotate(45deg) scale(.85)}
.verdict p{margin:.3rem 0 0;color:var(--muted)}
.verdict ul{list-style:none;margin:.6rem 0 0;padding:0;display:grid;gap:.2rem;overflow-wrap:anywhere}
.verdict li.bad{color:var(--bad);font-weight:600}
.verdict li.bad::before{content:"✖ "}
.verdict li.warn{color:var(--warn)}
.verdict li.warn::before{content:"▲ "}
.facts{display:grid;grid-template-columns:repeat(6,1fr);margin:0;border-top:1px solid var(--line)}
.facts div{padding:.8rem 1.3rem;min-width:0}
.facts div+div{border-left:1px solid var(--line)}
dt{color:var(--muted);font-size:.87rem}
dd{margin:0}
.facts dd{color:var(--muted);font-size:.82rem;overflow-wrap:anywhere}
.facts b{display:block;color:var(--text);font-size:1.2rem;letter-spacing:-.01em;line-height:1.4}
.grid4,.grid3{display:grid;gap:.8rem;grid-template-columns:repeat(4,minmax(0,1fr))}
.grid3{grid-template-columns:repeat(3,minmax(0,1fr))}
.grid4>.card,.grid3>.card{margin:0}
.grid3>div:not(.card){display:flex;flex-direction:column}
.grid3>div>.card{flex:1}
.figures{display:flex;flex-wrap:wrap;gap:0 1.2rem;min-height:3rem}
.figures b{display:block;font-size:1.35rem;letter-spacing:-.02em;line-height:1.3}
.figures small{display:block;line-height:1.2}
.figures i{display:inline-block;width:.6rem;height:.6rem;border-radius:2px;margin-right:.35rem;
background:var(--accent)}
.figures .s1 i{background:var(--second)}
.chart svg{display:block;width:100%;height:5rem;margin-top:.5rem;overflow:hidden;border-bottom:1px solid var(--line)}
.chart path{vector-effect:non-scaling-stroke}
.grid{stroke:var(--line);stroke-dasharray:2 4}
.line{fill:color-mix(in srgb,var(--accent) 14%,transparent);stroke:var(--accent);stroke-width:1.6;
stroke-linejoin:round}
.line.s1{fill:color-mix(in srgb,var(--second) 14%,transparent);stroke:var(--second)}
.axis{display:flex;justify-content:space-between;gap:.5rem;color:var(--muted);font-size:.78rem;margin-top:.3rem!important}
.totals{font-size:.87rem}
.bar{display:block;width:100%;height:.4rem;border-radius:.2rem;fill:var(--accent);margin-top:.25rem}
.bar .track{fill:var(--soft)}
.shares{margin:.6rem 0 0;display:grid;gap:.55rem}
.shares>div{display:grid;grid-template-columns:1fr auto;gap:0 .8rem}
.shares dt{overflow-wrap:anywhere}
.shares dd{color:var(--muted);font-size:.87rem;white-space:nowrap}
.shares dd b{color:var(--text)}
.shares .bar{grid-column:1/-1}
.scroll{padding:0;overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th,td{padding:.55rem .8rem;text-align:left;vertical-align:top;font-weight:400}
thead th{color:var(--muted);font-size:.82rem;white-space:nowrap;border-bottom:1px solid var(--line)}
tbody tr+tr>*{border-top:1px solid var(--line)}
th:first-child{padding-left:1.1rem}
.n{text-align:right}
td small,th small{display:block;line-height:1.35}
tbody th,td{white-space:nowrap}
.long{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
.badge{display:inline-block;padding:.05rem .5rem;border-radius:1rem;font-size:.82rem;font-weight:600;
white-space:nowrap;background:var(--soft);color:var(--muted)}
.badge.good{background:var(--good-bg);color:var(--good)}
.badge.warn{background:var(--warn-bg);color:var(--warn)}
.badge.bad{background:var(--bad-bg);color:var(--bad)}
.tools,.more{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem;
margin:0 0 .7rem}
.tools p{margin:0}
.more{justify-content:flex-start;margin:.7rem 0 0}
.alert{margin-bottom:.8rem;border-color:var(--bad)}
.alert h3{color:var(--bad)}
.alert ul{margin:.5rem 0 0;padding-left:1.1rem;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--muted)}
details ul{margin:.2rem 0 0;padding-left:1.1rem}
@media(max-width:66rem){.facts{grid-template-columns:repeat(3,1fr)}.facts div:nth-child(n+4){border-top:1px solid
var(--line)}.facts div:nth-child(4){border-left:0}.grid4{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media(max-width:44rem){
html{scroll-padding-top:6.5rem}
header{flex-wrap:wrap;gap:.3rem 1rem;padding:.5rem 1rem}
.clock{margin-left:auto}
nav{order:3;flex-basis:100%;margin:0 -.55rem}
main,footer{padding:.8rem}
.facts{grid-template-columns:1fr 1fr}
.facts div{padding:.7rem 1rem}
.facts div:nth-child(n+3){border-top:1px solid var(--line)}
.facts div:nth-child(odd){border-left:0}
.facts div:nth-child(even){border-left:1px solid var(--line)}
.grid4,.grid3{grid-template-columns:minmax(0,1fr)}
input{width:100%}
label{flex-basis:100%}
table,tbody,tr,th,td{display:block}
thead{display:none}
tr{padding:.7rem 1rem}
tbody tr+tr{border-top:1px solid var(--line)}
tbody tr+tr>*{border:0}
tbody th,td{padding:.12rem 0!important;text-align:left;white-space:normal;overflow-wrap:anywhere}
tbody th{padding-bottom:.3rem!important;font-size:1rem}
td.n{text-align:left}
td{display:grid;grid-template-columns:8rem minmax(0,1fr);gap:.8rem}
td::before{content:attr(data-label);color:var(--muted)}
}
@media print{header{position:static}.live{display:none!important}}
`.trim();
