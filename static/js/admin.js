/* Names the boxes that Select2 draws, for a screen reader: an empty one has no name of its own. */
(function () {
  "use strict";
  function name() {
    document.querySelectorAll("select.admin-autocomplete").forEach(function (select) {
      var label = document.querySelector('label[for="' + select.id + '"]');
      var drawn = document.getElementById("select2-" + select.id + "-container");
      if (label && drawn && !drawn.hasAttribute("aria-label")) {
        drawn.setAttribute("aria-label", label.textContent.replace(/[:：]\s*$/, "").trim());
      }
    });
  }
  // Select2 draws when jQuery is ready, which may be before or after the page has loaded.
  document.addEventListener("DOMContentLoaded", function () {
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
    name();
  });
}());
