/* A revealed number covers itself again: seconds run down, then the page is read anew, masked. */
(function () {
  "use strict";

  function start(place) {
    if (place.dataset.started) { return; }
    place.dataset.started = "1";
    var until = Date.now() + parseInt(place.getAttribute("data-hide-after"), 10) * 1000;
    var clock = window.setInterval(function () {
      var left = Math.ceil((until - Date.now()) / 1000);
      if (left <= 0 || !document.body.contains(place)) {
        window.clearInterval(clock);
        // The address, not a reload: a reload would post the reason once more.
        if (left <= 0) { window.location.replace(place.getAttribute("data-hide-url")); }
        return;
      }
      place.textContent = left + " 秒";
    }, 500);
  }

  function startAll() { document.querySelectorAll("[data-hide-after]").forEach(start); }
  document.addEventListener("htmx:afterSettle", startAll);
  startAll();
}());
