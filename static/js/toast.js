// A toast goes after a while, unless somebody is at it; its address goes at once, so that a
// reload does not bring it back.
const STAYS_MS = 8000;

for (const toast of document.querySelectorAll("[data-toast]")) {
  const address = new URL(location.href);
  address.searchParams.delete("undo");
  history.replaceState(null, "", address);
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAYS_MS);
    else toast.remove();
  };
  setTimeout(leave, STAYS_MS);
}
