// Shows the frame of a chart on the whole screen, and the chart as high as that leaves room for.

const WHOLE_SCREEN = {
    name: "wholeScreen",
    title: "Whole screen",
    icon: { width: 24, height: 24, path: "M5 5h6v2H7v4H5zM13 5h6v6h-2V7h-4zM7 13v4h4v2H5v-6zM17 13h2v6h-6v-2h4z" },
    click: (div) => toggleWhole(div),
};

function toggleWhole(div) {
    const frame = div.closest(".card, .panel") ?? div.parentElement;
    if (document.fullscreenElement) {
        document.exitFullscreen();
        return;
    }
    const charts = [...frame.querySelectorAll(".live-chart")].map((each) => each.chart);
    const fit = () => {
        const isWhole = document.fullscreenElement === frame;
        for (const chart of charts) chart.whole = isWhole ? () => wholeHeight(frame, charts) : null;
        if (!isWhole) {
            document.removeEventListener("fullscreenchange", fit);
            window.removeEventListener("resize", fit);
        }
        for (const chart of charts) if (!chart.left) resize(chart);
    };
    document.addEventListener("fullscreenchange", fit);
    window.addEventListener("resize", fit);
    frame.requestFullscreen().catch(() => document.removeEventListener("fullscreenchange", fit));
}

// What is left of the screen beside title and sentence, for each of the charts.
function wholeHeight(frame, charts) {
    const others = [...frame.children].filter((child) => !child.contains(charts[0].div) && !child.querySelector(".live-chart"));
    const taken = others.reduce((sum, child) => sum + child.getBoundingClientRect().height, 48);
    return Math.max((window.innerHeight - taken) / charts.length, 160);
}
