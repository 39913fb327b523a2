'use strict';
/* The pages also work without this script. It copies results, asks before actions that cannot be undone, acts without leaving the page, and refreshes elements marked data-live. */
(function () {
  const EVERY = 5000;
  document.documentElement.classList.add('script');

  /* ---- messages at the bottom of the page: their places exist before the first message, or it would not be read out ---- */
  let toastTimer = 0;
  function place(id, className, role) {
    const box = document.createElement('div');
    box.id = id;
    box.className = className;
    box.setAttribute('role', role);
    document.body.append(box);
    return box;
  }
  const boxes = [place('toast', 'toast', 'status'), place('alert', 'toast bad', 'alert')];
  const unseen = place('said', 'unseen', 'status');
  function clear() { for (const box of boxes) box.textContent = ''; }
  function toast(text, isBad) {
    clear();
    boxes[isBad ? 1 : 0].textContent = text;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(clear, isBad ? 12000 : 5000);
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
  /* Not node.id, which in a form is its field of that name. */
  function keyOf(node) { return node.nodeType === 1 ? node.getAttribute('id') || node.getAttribute('data-key') || '' : ''; }
  function isSame(a, b) { return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b); }

  function renewAttributes(from, to) {
    for (const name of from.getAttributeNames()) if (name !== 'open' && !to.hasAttribute(name)) from.removeAttribute(name);
    for (const name of to.getAttributeNames()) if (name !== 'open' && from.getAttribute(name) !== to.getAttribute(name)) from.setAttribute(name, to.getAttribute(name));
  }

  function renewChildren(from, to) {
    const keyed = new Map();
    const wanted = new Set(Array.from(to.childNodes, keyOf));
    /* What is gone goes first: then the rest stays where it is, and keeps the focus. */
    for (const child of Array.from(from.childNodes)) {
      if (!keyOf(child)) continue;
      if (wanted.has(keyOf(child))) keyed.set(keyOf(child), child);
      else child.remove();
    }
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
    if (from.isEqualNode(to) || (from.nodeType === 1 && from.hasAttribute('data-count'))) return;
    if (from.nodeType !== 1) {
      from.nodeValue = to.nodeValue;
      return;
    }
    renewAttributes(from, to);
    renewChildren(from, to);
  }

  /* ---- the focus stays: on its element, or on what is nearest to where that was ---- */
  const FOCUSABLE = 'a[href], button, summary, select, input:not([type=hidden])';
  function isThere(element) { return element.isConnected && element.getClientRects().length > 0; }

  /* What is around the element, from near to far: its next and previous rows, and the named elements it is in. */
  function surroundings(element) {
    const around = [];
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      if (keyOf(at)) around.push(at.hasAttribute('id') ? '#' + CSS.escape(at.getAttribute('id')) : '[data-key="' + CSS.escape(at.getAttribute('data-key')) + '"]');
      for (const next of [at.nextElementSibling, at.previousElementSibling])
        if (next && next.hasAttribute('data-key')) around.push('[data-key="' + CSS.escape(next.getAttribute('data-key')) + '"]');
    }
    return around;
  }

  function focusNear(around) {
    for (const css of around.concat('#main')) {
      const element = document.querySelector(css);
      const near = element && Array.from(element.querySelectorAll(FOCUSABLE)).find(isThere);
      if (near) {
        near.focus({ preventScroll: true });
        return;
      }
    }
    const heading = document.querySelector('h1');
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  function keepFocus(change) {
    const before = document.activeElement;
    const around = before && before !== document.body ? surroundings(before) : null;
    change();
    if (around && (!isThere(before) || document.activeElement !== before)) {
      if (isThere(before)) before.focus({ preventScroll: true });
      else focusNear(around);
    }
  }

  /* The times go on; what else the banner says is news. */
  function situation() {
    const banners = document.getElementById('banners');
    return banners ? banners.innerText.replace(/\s+/g, ' ').trim() : '';
  }
  function isNews(a, b) { return a.replace(/\d+/g, '') !== b.replace(/\d+/g, ''); }

  function show(fresh) {
    const before = situation();
    keepFocus(function () {
      for (const part of document.querySelectorAll('[data-live]')) {
        const now = fresh.getElementById(part.id);
        if (now) renew(part, now);
      }
    });
    const now = situation();
    if (isNews(before, now)) unseen.textContent = now;
    countSelected();
  }

  function refresh() {
    if (document.querySelector('dialog[open]')) return Promise.resolve();
    return fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin', cache: 'no-store' }).then(function (answer) {
      return answer.ok || answer.status === 503 ? answer.text() : Promise.reject(answer.status);
    }).then(function (text) {
      show(new DOMParser().parseFromString(text, 'text/html'));
      document.body.removeAttribute('data-stale');
    }).catch(function () { document.body.setAttribute('data-stale', '1'); });
  }
  /* A page that takes the server long (a search in a large queue) is fetched less often. */
  function later(took) { setTimeout(renewAll, Math.max(EVERY, took * 20)); }
  function renewAll() {
    const start = performance.now();
    if (document.hidden) later(0);
    else refresh().then(function () { later(performance.now() - start); });
  }
  if (document.querySelector('[data-live]')) later(0);

  /* ---- the list's boxes ---- */
  function ticks() { return Array.from(document.querySelectorAll('#list input[name=id]')); }
  function selected() { return ticks().filter(function (box) { return box.checked; }).length; }
  function messages(count) { return count.toLocaleString('en') + (count === 1 ? ' message' : ' messages'); }

  function countSelected() {
    const all = document.querySelector('[data-all]');
    if (!all) return;
    const count = selected();
    const text = count ? count + ' selected' : '';
    const output = document.querySelector('[data-count]');
    if (output.textContent !== text) output.textContent = text;
    all.checked = count > 0 && count === ticks().length;
    all.indeterminate = count > 0 && !all.checked;
  }

  document.addEventListener('change', function (event) {
    if (event.target.matches('[data-all]')) for (const box of ticks()) box.checked = event.target.checked;
    countSelected();
  });
  /* Enter in a box would press the form's first button. */
  document.addEventListener('keydown', function (event) {
    if (event.key === 'Enter' && event.target.matches('#list input')) event.preventDefault();
  });
  countSelected();

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
      no.textContent = 'Go back';
      yes.textContent = label;
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

  function post(form, button, more) {
    const fields = new URLSearchParams(new FormData(form));
    if (button && button.name) fields.set(button.name, button.value);
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
    if (!result.matched) return 'No message matches that this action could change.';
    return label + ': ' + (result.done < result.matched ? result.done.toLocaleString('en') + ' of ' : '') + messages(result.matched) + '.';
  }

  function isMatching(form) { return form.elements.which !== undefined && form.elements.which.value === 'matching'; }

  /* The question before the action, or ''. count: of matching messages; 0: not known yet, or messages are selected. */
  function question(form, button, label, count) {
    if (form.dataset.confirm) return form.dataset.confirm;
    const final = button && button.dataset.final;
    if (isMatching(form) ? !count : !final || !selected()) return '';
    return label + ' ' + messages(count || selected()) + '?' + (isMatching(form) ? ' Filter: ' + form.dataset.filter + '.' : '') + (final ? ' ' + final : '');
  }

  async function act(form, button) {
    const label = button ? button.textContent : 'Done';
    const isStrong = button && button.classList.contains('strong');
    const around = surroundings(button || form);
    const first = question(form, button, label, 0);
    if (first && !await ask(first, form.dataset.confirm ? label : label + ' ' + messages(selected()), isStrong)) return;
    let result = await post(form, button, {});
    if (isMatching(form) && result.matched && !result.done) {
      if (!await ask(question(form, button, label, result.matched), label + ' ' + messages(result.matched), isStrong)) return;
      result = await post(form, button, { confirm: result.matched });
      if (!result.done) throw new Error('The number of matching messages has changed: nothing was done. Try again.');
    }
    form.reset();
    toast(describe(result, label));
    await refresh();
    if (document.activeElement === document.body || !isThere(document.activeElement)) focusNear(around);
  }

  const busy = new WeakSet();
  document.addEventListener('submit', function (event) {
    const form = event.target;
    if (!form.matches('form[data-act]') || !window.HTMLDialogElement) return;
    event.preventDefault();
    /* Not "disabled": the button would lose the focus. */
    const button = event.submitter || form.querySelector('button');
    if (busy.has(form)) return;
    busy.add(form);
    act(form, button).catch(function (error) { toast(error.message, true); }).finally(function () { busy.delete(form); });
  });
})();
