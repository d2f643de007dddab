// Are the minds well? One line that says so, then the figures it stands on.

export const title = "overview.title";

export async function render(root, page) {
  root.append(page.t("overview.title"));
}
