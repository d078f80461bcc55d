/* Small comforts on top of pages that work without script. No library, no inline handler (strict CSP). */
(function () {
  "use strict";

  // Menus made of <details data-menu>: one open at a time, closed by a click outside or Escape.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.removeAttribute("open"); }
    });
    var close = event.target.closest("[data-close]");
    if (close) { var toast = close.closest("[data-toast]"); if (toast) { toast.remove(); } }
    var back = event.target.closest("a[data-back]");
    if (back && window.history.length > 1) { event.preventDefault(); window.history.back(); }
    var print = event.target.closest("[data-print]");
    if (print) { window.print(); }
    var copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(copy.getAttribute("data-copy")).then(function () { say("已复制"); });
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
        menu.removeAttribute("open");
        menu.querySelector("summary").focus();
      });
    }
  });

  // A select or check box marked data-submit sends its form at once.
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]") && event.target.form) { event.target.form.requestSubmit(); }
    var all = event.target.closest("[data-check-all]");
    if (all) {
      document.querySelectorAll(all.getAttribute("data-check-all")).forEach(function (box) {
        if (!box.disabled) { box.checked = all.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
      });
    }
    if (event.target.matches("input[type=checkbox][data-row]")) {
      var row = event.target.closest("tr");
      if (row) { row.classList.toggle("is-selected", event.target.checked); }
      var said = document.querySelector("[data-ticked]");
      var ticked = document.querySelectorAll("input[type=checkbox][data-row]:checked").length;
      if (said) { said.textContent = ticked ? "已选 " + ticked + " 人：" : "选中的："; said.parentNode.classList.toggle("is-ticked", ticked > 0); }
    }
  });

  // No second submit while the first is under way; the buttons come back when the page is shown again.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.matches("[data-many]") || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    var button = event.submitter;
    if (button) { button.setAttribute("aria-busy", "true"); }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-busy]").forEach(function (button) { button.removeAttribute("aria-busy"); });
    });
  });

  // A file dropped on .dropzone goes into its file input; the name is shown before anything is sent.
  function showChosen(zone, input) {
    var place = zone.querySelector("[data-chosen]");
    if (!place) { return; }
    if (!input.files.length) { place.textContent = ""; return; }
    var file = input.files[0];
    var size = file.size >= 1048576 ? (file.size / 1048576).toFixed(1) + " MB" : Math.max(1, Math.round(file.size / 1024)) + " KB";
    place.textContent = file.name + "　" + size;
    zone.classList.add("is-chosen");
  }
  document.querySelectorAll(".dropzone").forEach(function (zone) {
    var input = zone.querySelector("input[type=file]");
    if (!input) { return; }
    ["dragenter", "dragover"].forEach(function (name) {
      zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.add("is-over"); });
    });
    ["dragleave", "drop"].forEach(function (name) {
      zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.remove("is-over"); });
    });
    zone.addEventListener("drop", function (event) {
      if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; input.dispatchEvent(new Event("change", { bubbles: true })); }
    });
    input.addEventListener("change", function () { showChosen(zone, input); });
    showChosen(zone, input);
  });

  // Toasts leave after twelve seconds unless someone is reading them.
  function fade(toast) {
    var timer = window.setTimeout(function () { toast.remove(); }, 12000);
    ["mouseenter", "focusin"].forEach(function (name) { toast.addEventListener(name, function () { window.clearTimeout(timer); }); });
  }
  document.querySelectorAll("[data-toast]").forEach(fade);

  function say(text) {
    var stack = document.querySelector(".toast-stack");
    if (!stack) {
      stack = document.createElement("div"); stack.className = "toast-stack"; stack.setAttribute("role", "status");
      document.body.appendChild(stack);
    }
    var toast = document.createElement("div"); toast.className = "toastx"; toast.setAttribute("data-toast", "");
    var words = document.createElement("span"); words.className = "grow"; words.textContent = text;
    var close = document.createElement("button"); close.type = "button"; close.className = "toast-close";
    close.setAttribute("data-close", ""); close.setAttribute("aria-label", "关闭提示"); close.textContent = "×";
    toast.appendChild(words); toast.appendChild(close); stack.appendChild(toast); fade(toast);
  }

  // htmx: say what failed, in words; a lost sign-in sends to the sign-in page.
  document.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    if (status === 401) { window.location.reload(); return; }
    say(status === 404 ? "没有这一条，或者不在您的辖区" : status === 403 ? "这一步不在您的权限里，或者页面放得太久，请刷新后再试"
      : status === 409 ? "刚才有人先改了，请刷新后再看" : status === 429 ? "操作太快了，请稍等再试" : "系统出错了，没有保存，请刷新后再试");
  });
  document.addEventListener("htmx:sendError", function () { say("网断了，没有提交。恢复后请再点一次"); });
  document.addEventListener("htmx:afterSwap", function (event) {
    event.detail.target.querySelectorAll("[data-toast]").forEach(fade);
  });

  // A roll counts as it is filled in: <form data-roll>, the sums in [data-present] and the like.
  document.querySelectorAll("form[data-roll]").forEach(function (form) {
    form.addEventListener("change", function (event) {
      if (!event.target.matches(".seg-roll input")) { return; }
      ["present", "excused", "absent"].forEach(function (state) {
        var place = form.querySelector("[data-" + state + "]");
        if (place) { place.textContent = form.querySelectorAll(".seg-roll input[value=" + state + "]:checked").length; }
      });
    });
  });

  // After a refused form: read the summary first.
  var summary = document.querySelector(".error-summary");
  if (summary) { summary.focus(); }

  // Seconds that run down: <time data-seconds="600">; the page reloads at zero so that a revealed value is masked again.
  document.querySelectorAll("[data-seconds]").forEach(function (place) {
    var left = parseInt(place.getAttribute("data-seconds"), 10);
    var tick = function () {
      place.textContent = left >= 60 ? Math.floor(left / 60) + " 分 " + (left % 60) + " 秒" : left + " 秒";
      if (left <= 0) { window.clearInterval(clock); window.location.reload(); }
      left -= 1;
    };
    var clock = window.setInterval(tick, 1000);
    tick();
  });
}());
