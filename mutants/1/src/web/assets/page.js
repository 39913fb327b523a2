'use strict';
/* The pages also work without this script. It copies results, asks before actions that cannot be undone, acts without leaving the page, and refreshes elements marked data-live. */
(function () {
  const EVERY = 5000;

  /* ---- messages at the bottom of the page ---- */
  let toastTimer = 0;
  function toast(text, isBad) {
    let box = document.getElementById('toast');
    if (!box) {
      box = document.createElement('div');
      box.id = 'toast';
      document.body.append(box);
    }
    box.className = isBad ? 'toast bad' : 'toast';
    box.setAttribute('role', isBad ? 'alert' : 'status');
    box.textContent = text;
    box.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(function () { box.hidden = true; }, isBad ? 12000 : 5000);
  }

  /* ---- copy ---- */
  const copy = document.getElementById('copy');
  if (copy) {
    copy.hidden = false;
    copy.addEventListener('click', function () {
      const results = document.getElementById('results');
      function done() { copy.textContent = 'Copied'; toast('The results were copied to the clipboard.'); }
      function byHand() {
        const area = document.createElement('textarea');
        area.value = results.textContent;
        area.setAttribute('aria-hidden', 'true');
        document.body.append(area);
        area.select();
        const ok = document.execCommand('copy');
        area.remove();
        if (ok) done();
        else toast('The browser does not allow copying: select the plain text below.', true);
      }
      if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(results.textContent).then(done, byHand);
      else byHand();
    });
  }

  /* ---- refresh: replace only what changed ---- */
  function keyOf(node) { return node.nodeType === 1 ? node.id || node.getAttribute('data-key') || '' : ''; }
  function isSame(a, b) { return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b); }

  function renewAttributes(from, to) {
    for (const name of from.getAttributeNames()) if (name !== 'open' && !to.hasAttribute(name)) from.removeAttribute(name);
    for (const name of to.getAttributeNames()) if (name !== 'open' && from.getAttribute(name) !== to.getAttribute(name)) from.setAttribute(name, to.getAttribute(name));
  }

  function renewChildren(from, to) {
    const keyed = new Map();
    for (const child of from.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
    let at = from.firstChild;
    for (const fresh of Array.from(to.childNodes)) {
      const known = keyOf(fresh) && keyed.get(keyOf(fresh));
      if (known && known !== at) from.insertBefore(known, at);
      else if (at && isSame(at, fresh)) at = at.nextSibling;
      else {
        from.insertBefore(document.importNode(fresh, true), at);
        continue;
      }
      renew(known || (at ? at.previousSibling : from.lastChild), fresh);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function renew(from, to) {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== 1) {
      from.nodeValue = to.nodeValue;
      return;
    }
    renewAttributes(from, to);
    renewChildren(from, to);
  }

  function refresh() {
    if (document.querySelector('dialog[open]')) return Promise.resolve();
    return fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin', cache: 'no-store' }).then(function (answer) {
      return answer.ok || answer.status === 503 ? answer.text() : Promise.reject(answer.status);
    }).then(function (text) {
      const fresh = new DOMParser().parseFromString(text, 'text/html');
      for (const part of document.querySelectorAll('[data-live]')) {
        const now = fresh.getElementById(part.id);
        if (now) renew(part, now);
      }
      document.body.removeAttribute('data-stale');
    }).catch(function () { document.body.setAttribute('data-stale', '1'); });
  }
  if (document.querySelector('[data-live]')) setInterval(function () { if (!document.hidden) refresh(); }, EVERY);

  /* ---- actions ---- */
  function ask(question, label, isStrong) {
    return new Promise(function (resolve) {
      const dialog = document.createElement('dialog');
      const text = document.createElement('p');
      const buttons = document.createElement('div');
      const no = document.createElement('button');
      const yes = document.createElement('button');
      text.textContent = question;
      text.id = 'question';
      dialog.setAttribute('aria-labelledby', 'question');
      buttons.className = 'buttons';
      no.textContent = 'No';
      yes.textContent = 'Yes, ' + label.toLowerCase();
      yes.className = isStrong ? 'strong' : 'main';
      yes.id = 'yes';
      buttons.append(no, yes);
      dialog.append(text, buttons);
      document.body.append(dialog);
      function end(answer) { dialog.close(); dialog.remove(); resolve(answer); }
      no.addEventListener('click', function () { end(false); });
      yes.addEventListener('click', function () { end(true); });
      dialog.addEventListener('cancel', function (event) { event.preventDefault(); end(false); });
      dialog.showModal();
      no.focus();
    });
  }

  function post(form, more) {
    const fields = new URLSearchParams(new FormData(form));
    for (const name of Object.keys(more)) fields.set(name, more[name]);
    /* Not form.action, which is the field of that name. */
    return fetch(form.getAttribute('action'), { method: 'POST', body: fields, headers: { Accept: 'application/json' }, credentials: 'same-origin' }).then(function (answer) {
      return answer.json().then(function (result) {
        if (!answer.ok) throw new Error(result.detail || result.title || 'The action failed.');
        return result;
      });
    });
  }

  function describe(result, label) {
    if (result.relays) return result.relays.map(function (relay) { return relay.name + (relay.paused ? ' is paused' : ' is sending') + (relay.note ? ': ' + relay.note : ''); }).join('; ') + '.';
    return label + ': ' + result.done + (result.done === 1 ? ' message.' : ' messages.');
  }

  async function act(form, button) {
    const label = button ? button.textContent : 'Done';
    const isStrong = button && button.classList.contains('strong');
    if (form.dataset.confirm && !await ask(form.dataset.confirm, label, isStrong)) return;
    let result = await post(form, {});
    if (form.hasAttribute('data-bulk') && result.matched && !result.done) {
      if (!await ask(label + ': ' + result.matched + (result.matched === 1 ? ' message matches.' : ' messages match.') + ' Continue?', label, isStrong)) return;
      result = await post(form, { confirm: result.matched });
      if (!result.done) throw new Error('The number of matching messages has changed: nothing was done. Try again.');
    }
    form.reset();
    toast(describe(result, label));
    await refresh();
  }

  document.addEventListener('submit', function (event) {
    const form = event.target;
    if (!form.matches('form[data-act]') || !window.HTMLDialogElement) return;
    event.preventDefault();
    const button = event.submitter || form.querySelector('button');
    if (button) button.disabled = true;
    act(form, button).catch(function (error) { toast(error.message, true); }).finally(function () { if (button) button.disabled = false; });
  });
})();
