// The area code is asked for only where the chosen country has area codes.
for (const row of document.querySelectorAll("[data-area-codes]")) {
  const countries = row.dataset.areaCodes.split(" ");
  const country = row.querySelector('[name="country"]');
  const areaCode = row.querySelector('[name="area_code"]');
  const field = areaCode.closest(".field");
  const show = () => {
    const has = countries.includes(country.value);
    field.hidden = !has;
    areaCode.disabled = !has;
    row.classList.toggle("search-row-short", !has);
  };
  country.addEventListener("change", show);
  // A refused area code stays in sight with what is wrong with it.
  if (!areaCode.hasAttribute("aria-invalid")) show();
}
