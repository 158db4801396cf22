"use strict";
(() => {
  const root = document.documentElement;
  const buttons = [...document.querySelectorAll("[data-speak]")];
  const speak = (language) => {
    root.dataset.language = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.speak === language));
    }
  };
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target && target.querySelector("details");
    if (details) details.open = true;
  };
  for (const button of buttons) {
    button.addEventListener("click", () => speak(button.dataset.speak));
  }
  window.addEventListener("hashchange", reveal);
  root.classList.add("scripted");
  speak(root.dataset.language);
  reveal();
})();
