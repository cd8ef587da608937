import { BarChart } from "echarts/charts";
import { GridComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { ratio } from "../../bench/show.ts";
import { kept } from "./bench.ts";

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

const caption = "CPU of a small tools/call, 32 at once: multiples of the floor";
/** CPU of a small call as a multiple of the floor's, the cheapest on top. */
export async function performanceChart(): Promise<string> {
  const { rows } = await kept();
  const own = rows.filter(({ scenario }) => scenario === "small tools/call, 32 at once, legacy");
  const bars = own
    .map((row) => ({ name: row.target, value: ratio(own, row, "floor") ?? 0 }))
    .filter(({ name }) => !name.startsWith("direct"))
    .toSorted((a, b) => b.value - a.value);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 760, height: 70 + 30 * bars.length });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: caption, textStyle: { fontSize: 14 } },
    grid: { left: 150, right: 60, top: 40, bottom: 30 },
    xAxis: { type: "value" },
    yAxis: { type: "category", data: bars.map(({ name }) => name) },
    series: [
      {
        type: "bar",
        data: bars.map(({ name, value }) => ({
          value: Number(value.toFixed(2)),
          itemStyle: { color: name.startsWith("mcpctl") ? "#3366cc" : "#9aa5b1" },
        })),
        label: { show: true, position: "right" },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  const told = svg.replace(/<svg [^>]*>/, (opening) => `${opening}\n<title>${caption}</title>`);
  // Its classes are numbered by how many charts a process has drawn.
  return `${told.replaceAll(/ class="[^"]*"/g, "").replaceAll(/<style >.*?<\/style>/gs, "")}\n`;
}
