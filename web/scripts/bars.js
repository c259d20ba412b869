// Bars for how often each thing was counted. The figures stand in a table beside each plot, so a
// plot is for the eye alone; it moves nothing, and shows nothing that the table does not.

import { BarChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { getInstanceByDom, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, SVGRenderer]);

const ROW = 34; // px for each bar
const ink = getComputedStyle(document.body).color;
const font = getComputedStyle(document.body).fontFamily;

export function draw(place) {
  const { labels, counts } = JSON.parse(place.dataset.chart);
  place.style.height = `${labels.length * ROW + 8}px`;
  const chart = init(place, null, { renderer: 'svg' });
  const words = { color: ink, fontFamily: font, fontSize: 14 };
  chart.setOption({
    animation: false,
    grid: { left: 4, right: 44, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: 'value', minInterval: 1, show: false },
    yAxis: {
      type: 'category',
      data: labels,
      inverse: true,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { ...words, width: 150, overflow: 'truncate' },
    },
    series: [
      {
        type: 'bar',
        data: counts,
        silent: true,
        barWidth: 16,
        itemStyle: { color: getComputedStyle(place).color },
        label: { show: true, position: 'right', ...words },
      },
    ],
  });
  new ResizeObserver(() => chart.isDisposed() || chart.resize()).observe(place);
}

// A plot that is about to leave the page gives back what it holds.
export function forget(place) {
  getInstanceByDom(place)?.dispose();
}
