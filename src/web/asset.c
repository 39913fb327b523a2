/* asset.c: the pages' style sheet, script and icon. See asset.h. Colours: contrast of text at least 4.5 to 1 in both schemes (WCAG AA). */
#include "web/asset.h"

#include <stddef.h>
#include <string.h>

static const char style[] =
    ":root{--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;--link:#0550ae;--ok:#116329;--okbg:#dafbe1;--warn:#7d4e00;--warnbg:#fff8c5;"
    "--bad:#a40e26;--badbg:#ffebe9}\n"
    "@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9aa4af;--line:#30363d;--panel:#161b22;--link:#79c0ff;--ok:#7ee787;--okbg:#12361f;"
    "--warn:#e3b341;--warnbg:#3a2d0b;--bad:#ffa198;--badbg:#4a1215}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\n"
    "header,main,footer{max-width:76rem;margin:0 auto;padding:.75rem 1rem}\n"
    "header{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:baseline;border-bottom:1px solid var(--line)}\n"
    "header strong{font-size:1.1rem}\n"
    "h1{font-size:1.4rem;margin:.75rem 0}h2{font-size:1.15rem;margin:1.5rem 0 .5rem}\n"
    "a{color:var(--link)}\n"
    "footer{color:var(--soft);font-size:.85rem;margin-top:2rem}\n"
    ".soft{color:var(--soft)}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.93rem}\n"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}\n"
    "th{color:var(--soft);font-weight:600;white-space:nowrap}\n"
    "td.n,th.n{text-align:right;white-space:nowrap}\n"
    "td.min{min-width:12rem}\n"
    "pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow-x:auto;font:14px/1.45 ui-monospace,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    "code{font-family:ui-monospace,monospace}\n"
    ".banner{border-radius:6px;padding:.6rem .9rem;margin:.75rem 0;background:var(--warnbg);color:var(--warn)}\n"
    ".banner.bad{background:var(--badbg);color:var(--bad)}.banner.ok{background:var(--okbg);color:var(--ok)}\n"
    ".advice{border-left:4px solid var(--warn);padding:.2rem .75rem;margin:.5rem 0}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.6rem}\n"
    ".card{display:block;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.5rem .75rem;color:var(--fg);text-decoration:none}\n"
    ".card b{display:block;font-size:1.35rem}\n"
    ".state{display:inline-block;border-radius:1rem;padding:0 .6rem;background:var(--panel);border:1px solid var(--line);white-space:nowrap}\n"
    ".s-sent,.s-up,.s-ok{background:var(--okbg);color:var(--ok);border-color:transparent}\n"
    ".s-deferred,.s-held,.s-paused,.s-partial,.s-warn{background:var(--warnbg);color:var(--warn);border-color:transparent}\n"
    ".s-failed,.s-expired,.s-down,.s-blocked{background:var(--badbg);color:var(--bad);border-color:transparent}\n"
    "form.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.5rem 0}\n"
    "form.in{display:inline}\n"
    "label{display:flex;flex-direction:column;font-size:.85rem;color:var(--soft)}\n"
    "label.side{flex-direction:row;gap:.4rem;align-items:center}\n"
    "input,select,button,.button{font:inherit;color:var(--fg);background:var(--bg);border:1px solid var(--soft);border-radius:6px;padding:.3rem .6rem;max-width:100%}\n"
    "button,.button{cursor:pointer;background:var(--panel);text-decoration:none;display:inline-block}\n"
    "button.strong{border-color:var(--bad);color:var(--bad)}\n"
    "a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
    "@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}\n";

static const char script[] =
    "'use strict';\n"
    "(function () {\n"
    "  var copy = document.getElementById('copy');\n"
    "  if (copy) {\n"
    "    copy.hidden = false;\n"
    "    copy.addEventListener('click', function () {\n"
    "      var text = document.getElementById('results').textContent;\n"
    "      function done() { copy.textContent = 'Copied'; }\n"
    "      function old() {\n"
    "        var range = document.createRange();\n"
    "        range.selectNodeContents(document.getElementById('results'));\n"
    "        var selection = window.getSelection();\n"
    "        selection.removeAllRanges();\n"
    "        selection.addRange(range);\n"
    "        if (document.execCommand('copy')) done();\n"
    "      }\n"
    "      if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done, old);\n"
    "      else old();\n"
    "    });\n"
    "  }\n"
    "  var parts = document.querySelectorAll('[data-live]');\n"
    "  if (!parts.length || !window.fetch || !window.DOMParser) return;\n"
    "  function refresh() {\n"
    "    if (document.hidden) return;\n"
    "    fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin', cache: 'no-store' }).then(function (answer) {\n"
    "      return answer.ok ? answer.text() : Promise.reject(answer.status);\n"
    "    }).then(function (text) {\n"
    "      var fresh = new DOMParser().parseFromString(text, 'text/html');\n"
    "      document.querySelectorAll('[data-live]').forEach(function (part) {\n"
    "        var now = fresh.getElementById(part.id);\n"
    "        if (now && now.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = now.innerHTML;\n"
    "      });\n"
    "      document.body.removeAttribute('data-stale');\n"
    "    }).catch(function () { document.body.setAttribute('data-stale', '1'); });\n"
    "  }\n"
    "  setInterval(refresh, 5000);\n"
    "})();\n";

static const char icon[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><path fill=\"#0969da\" d=\"M1 3h14v10H1z\"/>"
                           "<path fill=\"none\" stroke=\"#fff\" stroke-width=\"1.4\" d=\"M2 4.5l6 4.5 6-4.5\"/></svg>\n";

static const ss_asset_t assets[] = {
    { "style.css", "text/css; charset=utf-8", style },
    { "page.js", "text/javascript; charset=utf-8", script },
    { "icon.svg", "image/svg+xml", icon }
};

const ss_asset_t *ss_asset_find(const char *name)
{
    for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
        if (!strcmp(assets[i].name, name)) return &assets[i];
    }
    return NULL;
}
