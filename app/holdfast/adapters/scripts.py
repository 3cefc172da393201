"""Scripts of ours, for a world of their own beside the page's: they read and scroll, no more."""

TEXT = "document.body ? document.body.innerText.slice(0, 2000000) : ''"
# The same of a frame: one that is not shown has no boxes, and only its scripts for a text.
FRAME_TEXT = f"document.body && document.body.getClientRects().length ? ({TEXT}) : ''"

# What is remembered of a page between two looks: parts that came or went, how long after the last
# scrolling they still did so (milliseconds), looks that waited in vain for a blank one to be
# drawn, and its boxes.
_STATE = """globalThis.holdfast ??= (() => {
    const made = {changes: 0, told: 0, scrolled: -1e9, slow: 0, vain: 0, boxes: []};
    new MutationObserver(all => {
      made.changes += all.length;
      const after = performance.now() - made.scrolled;
      if (after < 500) { made.slow = Math.max(made.slow, after); made.vain = 0; }
    }).observe(document, {childList: true, characterData: true, subtree: true});
    return made;
  })()"""
# The fields of a form stand before what every node has: <input name="parentElement"> would be its
# parent, and whoever goes up from it never ends.  Here a form is asked as every other node is.
OWN = """const own = node => node?.[Symbol.toStringTag] !== 'HTMLFormElement' ? node :
    new Proxy(node, {get: (form, name) => {
      for (let on = Object.getPrototypeOf(form); on; on = Object.getPrototypeOf(on)) {
        const found = Object.getOwnPropertyDescriptor(on, name);
        if (found) return found.get ? found.get.call(form) : found.value.bind?.(form);
      }
    }});"""
# Everything here runs in our own world beside the page's.  It scrolls; it changes nothing.
# What hangs in the window is what stays put while the rest moves: fixed, or stuck where it sticks.
# A list that draws itself when the scrolling is over keeps what it drew for the screen before: two
# screens agree, and what is below is blank.  So a page is given the time it was seen to take, and
# one that shows nothing where it was scrolled to is given time to begin.
LOOK = r"""((which, x, y, patience) => {
  OWN
  const state = STATE;
  const root = document.scrollingElement || document.documentElement;
  const box = which ? state.boxes[which - 1] : root;
  if (!box) return null;
  const held = own(box);
  const to = {left: x, top: y, behavior: 'instant'}, from = [held.scrollLeft, held.scrollTop];
  let since = state.told;
  which ? held.scrollTo(to) : window.scrollTo(to);
  if (held.scrollLeft !== from[0] || held.scrollTop !== from[1])
    [state.scrolled, since] = [performance.now(), state.changes];
  const view = () => {
    const html = own(document.documentElement);
    // In quirks mode the body stands for the window.
    const across = document.compatMode === 'BackCompat' && document.body
      ? document.body.clientWidth : html.clientWidth;
    const down = document.compatMode === 'BackCompat' && document.body
      ? document.body.clientHeight : html.clientHeight;
    if (!which) return {left: 0, top: 0, across: across || innerWidth, down: down || innerHeight,
      x: scrollX, y: scrollY, width: own(root).scrollWidth, height: own(root).scrollHeight};
    const r = held.getBoundingClientRect();
    const left = Math.max(r.left + held.clientLeft, 0), top = Math.max(r.top + held.clientTop, 0);
    const right = Math.min(r.left + held.clientLeft + held.clientWidth, across);
    const bottom = Math.min(r.top + held.clientTop + held.clientHeight, down);
    return {left, top, across: Math.max(right - left, 0), down: Math.max(bottom - top, 0),
      x: held.scrollLeft + left - r.left - held.clientLeft,
      y: held.scrollTop + top - r.top - held.clientTop,
      width: held.clientWidth, height: held.scrollHeight};
  };
  const inside = (r, v) => r.width > 0 && r.height > 0 && r.bottom > v.top &&
    r.top < v.top + v.down && r.right > v.left && r.left < v.left + v.across;
  const missing = v => [...document.images].filter(image => !image.complete &&
    inside(image.getBoundingClientRect(), v)).length;
  const nothing = (x, y, v) => {
    let node = document.elementFromPoint(x, y);
    for (let deeper; deeper = own(node)?.shadowRoot?.elementFromPoint(x, y); node = deeper)
      if (deeper === node) break;
    return !node || !/^(IMG|VIDEO|CANVAS|IFRAME|svg|OBJECT|EMBED)$/.test(own(node).nodeName) &&
      own(node).getBoundingClientRect().height > v.down;
  };
  const blank = v => [0.3, 0.5, 0.7].every(across => [5, 6, 7, 8, 9].every(tenth =>
    nothing(v.left + v.across * across, v.top + v.down * tenth / 10, v)));
  const paints = (node, style) => /^(IMG|VIDEO|CANVAS|IFRAME|INPUT|BUTTON|svg|OBJECT|EMBED)$/
      .test(own(node).nodeName) || style.backgroundImage !== 'none' || style.boxShadow !== 'none' ||
    !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor) ||
    [...own(node).childNodes].some(child => child.nodeType === 3 && child.data.trim());
  const name = found => { const node = own(found);
    return (node.localName + (node.id ? '#' + node.id : '') +
    (typeof node.className === 'string' && node.className.trim() ?
      '.' + node.className.trim().split(/\s+/).join('.') : '')).slice(0, 80); };
  const scrolled = node => { for (let up = own(node).parentElement; up;
    up = own(up).parentElement) {
    if (up === box) return true;
    if (/auto|scroll|overlay|hidden/.test(getComputedStyle(up).overflowY) &&
      up !== document.body && up !== document.documentElement) return false;
  } return !which; };
  const bars = v => {
    const found = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT);
    for (let node = walk.nextNode(), n = 0; node && n < 30000 && found.length < 100;
      node = walk.nextNode(), n++) {
      const style = getComputedStyle(node), kind = style.position;
      if (kind !== 'fixed' && kind !== 'sticky') continue;
      if (style.visibility === 'hidden' || style.opacity === '0') continue;
      if (which && own(node).contains(box)) continue;
      const place = own(node).getBoundingClientRect();
      if (kind === 'sticky') {
        if (!scrolled(node) || (!which ? !scrollY && !scrollX : !held.scrollTop)) continue;
        const top = parseFloat(style.top), bottom = parseFloat(style.bottom);
        const stuck = Math.abs(place.top - v.top - top) < 1.5 ||
          Math.abs(v.top + v.down - place.bottom - bottom) < 1.5;
        if (!stuck) continue;
      }
      const seen = {top: 1e9, bottom: -1e9, left: 1e9, right: -1e9};
      for (const part of [node, ...[...own(node).querySelectorAll('*')].slice(0, 500)]) {
        const how = part === node ? style : getComputedStyle(part);
        if (how.visibility === 'hidden' || !paints(part, how)) continue;
        const r = own(part).getBoundingClientRect();
        if (!inside(r, v)) continue;
        seen.top = Math.min(seen.top, r.top); seen.bottom = Math.max(seen.bottom, r.bottom);
        seen.left = Math.min(seen.left, r.left); seen.right = Math.max(seen.right, r.right);
      }
      if (seen.bottom > seen.top) found.push({name: name(node),
        top: Math.max(seen.top - v.top, 0), bottom: Math.min(seen.bottom - v.top, v.down),
        left: seen.left - v.left, right: seen.right - v.left});
    }
    return found;
  };
  const look = () => { const v = view(); const changes = state.changes - state.told;
    state.told = state.changes;
    return {...v, scale: devicePixelRatio, bars: bars(v), changes, waiting: missing(v)}; };
  if (!patience) return look();
  return (async () => {
    const frame = () => new Promise(go => { requestAnimationFrame(go); setTimeout(go, 200); });
    const began = performance.now();
    await frame();
    const passed = () => performance.now() - began;
    const changed = () => state.changes !== since;
    let least = state.slow && Math.min(state.slow * 1.5 + 50, 600);
    if (least) await frame();
    else if (state.vain < 3 && !changed() && blank(view())) { state.vain++; least = 700; }
    while (!changed() && passed() < least) await frame();
    for (let before = since; passed() < patience; ) {
      if (!missing(view()) && !(state.changes !== before && passed() < 600)) break;
      before = state.changes;
      await frame(); await frame();
    }
    return look();
  })();
})""".replace("STATE", _STATE).replace("OWN", OWN, 1)
# Down the page, each screen in view until it was drawn, as a reader would who looks for the end.
THROUGH = """(async (from, steps) => {
  const state = STATE;
  const frame = () => new Promise(go => { requestAnimationFrame(go); setTimeout(go, 200); });
  OWN
  const root = () => own(document.scrollingElement || document.documentElement);
  let y = from;
  for (let step = 0; step < steps; step++) {
    y += innerHeight;
    window.scrollTo({top: y, behavior: 'instant'});
    state.scrolled = performance.now();
    await frame();
    if (Math.ceil(scrollY) + innerHeight >= root().scrollHeight - 1) break;
  }
  return {y: scrollY, end: Math.ceil(scrollY) + innerHeight >= root().scrollHeight - 1,
    height: root().scrollHeight};
})""".replace("STATE", _STATE).replace("OWN", OWN)
CHANGED = "globalThis.holdfast.changes !== globalThis.holdfast.told"
STEP = """(y => { OWN window.scrollTo({top: y, behavior: 'instant'});
  const root = own(document.scrollingElement || document.documentElement);
  return {y: scrollY, end: Math.ceil(scrollY) + innerHeight >= root.scrollHeight - 1,
    height: root.scrollHeight}; })""".replace("OWN", OWN)
# The boxes that scroll inside the page, largest first; each is brought into view to be pictured.
BOXES = """(most => {
  OWN
  const state = globalThis.holdfast;
  const scrolls = node => node.clientHeight >= 80 && node.clientWidth >= 80 &&
    node.scrollHeight > node.clientHeight + 40;
  const found = [...document.querySelectorAll('body *')].slice(0, 30000).filter(node =>
    node !== document.scrollingElement && scrolls(own(node)) &&
    /auto|scroll|overlay/.test(getComputedStyle(node).overflowY));
  const area = node => own(node).clientWidth * own(node).clientHeight;
  found.sort((a, b) => area(b) - area(a));
  state.boxes = found.slice(0, most);
  return [found.length, state.boxes.length];
})""".replace("OWN", OWN)
SHOW = """(which => { OWN const box = own(globalThis.holdfast.boxes[which - 1]);
  globalThis.holdfast.was = box.scrollTop;
  box.scrollIntoView({block: box.clientHeight > innerHeight ? 'end' : 'nearest',
    behavior: 'instant'}); })""".replace("OWN", OWN)
BACK = """(which => { OWN own(globalThis.holdfast.boxes[which - 1]).scrollTo(
  {top: globalThis.holdfast.was, behavior: 'instant'}); })""".replace("OWN", OWN)

# What a page says of itself in machine-readable words (schema.org, Open Graph), where it does.
FACTS = """(() => {
  OWN
  const text = (node) => !node ? '' :
    String(own(node).getAttribute('content') || own(node).innerText || '').trim().slice(0, 200);
  const first = (...queries) => {
    for (const query of queries) { const t = text(document.querySelector(query)); if (t) return t; }
    return '';
  };
  const counters = [];
  for (const one of document.querySelectorAll('[itemprop="interactionStatistic"]')) {
    const node = own(one);
    const type = node.querySelector('[itemprop="interactionType"]');
    const value = text(node.querySelector('[itemprop="userInteractionCount"]'));
    const says = name => own(type).getAttribute(name);
    const kind = type ? (says('href') || says('content') || '') : '';
    if (value && kind) counters.push([kind.slice(0, 100), value]);
  }
  const named = new Set([...document.querySelectorAll(
    '.account, .author-name, .nickname, .user-name, .username')].map(text).filter(Boolean));
  const shown = (node) => { const box = node.getBoundingClientRect();
    return box.width > 0 && box.height > 0; };
  return {
    title: String(document.title || '').slice(0, 1000),
    charset: document.characterSet,
    url: String(location.href).slice(0, 8000),
    account: first('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]',
      'meta[name="author"]', 'meta[property="article:author"]') ||
      (named.size === 1 ? [...named][0] : ''),
    counters: counters.slice(0, 50),
    password: [...document.querySelectorAll('input[type="password"]')].some(shown),
  };
})()""".replace("OWN", OWN)

# What covers the first screen: at each point of a grid, whether a hanging thing lies over others.
# A shell that holds the whole page hangs too, but over nothing.
COVER = """(() => {
  OWN
  const holder = node => { for (let up = node; up instanceof Element; up = own(up).parentElement)
    if (getComputedStyle(up).position === 'fixed' || up instanceof HTMLDialogElement && up.open)
      return up; return null; };
  const counts = new Map();
  let points = 0;
  for (let row = 0; row < 12; row++) for (let column = 0; column < 12; column++) {
    points++;
    const stack = document.elementsFromPoint((column + .5) * innerWidth / 12,
      (row + .5) * innerHeight / 12);
    const over = stack.length ? holder(stack[0]) : null;
    if (!over) continue;
    const under = stack.find(node => !own(over).contains(node) && !own(node).contains(over) &&
      holder(node) === null);
    if (under) counts.set(over, (counts.get(over) || 0) + 1);
  }
  let share = 0, text = '';
  for (const [node, count] of counts) {
    share += count;
    const said = String(own(node).innerText || '').trim();
    if (said.length > text.length) text = said;
  }
  return {share: Math.round(100 * share / points), text: text.slice(0, 300)};
})()""".replace("OWN", OWN)

# A button that closes what COVER found without agreeing to anything; the best one, or null.
CLOSER = """(() => {
  OWN
  const begins = words => new RegExp('^(' + words.join('|') + ')', 'i');
  const refuse = begins(['拒绝', '全部拒绝', '不同意', '不接受', '仅必要', '仅限必要', '只接受必要',
    '暂不', '以后再说', '下次再说', '不用了', '取消', 'reject', 'decline', 'refuse', 'deny',
    'only necessary', 'necessary only', 'use necessary', 'no,? thanks', 'not now', 'maybe later']);
  const close = begins(['关闭$', '关闭弹窗$', '×$', '✕$', '✖$', 'x$', 'close$', 'dismiss$',
    '我知道了$', '知道了$', 'got it$', 'ok$', 'okay$', 'understood$']);
  const held = node => { for (let up = node; up instanceof Element; up = own(up).parentElement)
    if (getComputedStyle(up).position === 'fixed' || up instanceof HTMLDialogElement && up.open)
      return true; return false; };
  let best = null;
  const buttons = document.querySelectorAll('button, a, [role="button"], input[type="button"],' +
    ' [class*="close" i], [aria-label], [title]');
  for (const one of [...buttons].slice(0, 5000)) {
    const node = own(one);
    const text = String(node.innerText || node.value || '').trim();
    const named = [text, node.getAttribute('aria-label'), node.getAttribute('title')]
      .map(one => String(one || '').trim()).filter(one => one && one.length <= 30);
    const silent = !text && /close/i.test(String(node.getAttribute('class') || ''));
    const rank = named.some(one => refuse.test(one)) ? 3 :
      named.some(one => close.test(one)) ? 2 : silent ? 1 : 0;
    if (!rank || best && best.rank >= rank || !held(one)) continue;
    const box = node.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    const top = document.elementFromPoint(x, y);
    if (box.width < 4 || box.height < 4 || !top || !(node.contains(top) || own(top).contains(one)))
      continue;
    best = {rank, x, y, text: named[0] || node.localName};
  }
  return best;
})()""".replace("OWN", OWN)
