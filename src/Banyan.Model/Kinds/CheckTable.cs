using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Fields of a Check.</summary>
internal static class CheckTable
{
    private static readonly TextShape MetricName = Word("a metric's name", "^[a-zA-Z_:][a-zA-Z0-9_:]*$", "_:");

    private static readonly TextShape CounterName = Word("a counter's name", "^[a-zA-Z0-9_.-]+$", "_.-");

    private static readonly TextShape PathText = new()
    {
        Check = static text => text[0] == '/' ? null : $"{Quote.Text(text)} must begin with \"/\"",
        Pattern = "^/",
        MinLength = 1,
    };

    private static readonly OptionalShape<double> Bound = new(new NumberShape(0, 1e15));

    private static readonly ObjectShape<CounterReference> Counter = new(
        CounterFields<CounterReference>(c => c, (_, v) => v))
    {
        Check = (_, map, reading) => CheckRules.Counter(map, reading),
    };

    private static readonly ObjectShape<Expectation> Expectation = new(
    [
        .. CounterFields<Expectation>(e => e.Counter, (e, v) => e with { Counter = v }),
        new Field<Expectation, CounterReference>(
            "per",
            Counter,
            e => e.Per,
            (e, v) => e with { Per = v },
            "What the counter is divided by, before it is judged."),
        new Field<Expectation, double?>(
            "equals",
            Bound,
            e => e.EqualTo,
            (e, v) => e with { EqualTo = v },
            "The only good value."),
        new Field<Expectation, double?>(
            "atLeast",
            Bound,
            e => e.AtLeast,
            (e, v) => e with { AtLeast = v },
            "The lowest good value."),
        new Field<Expectation, double?>(
            "atMost",
            Bound,
            e => e.AtMost,
            (e, v) => e with { AtMost = v },
            "The highest good value."),
    ])
    {
        Check = CheckRules.Expectation,
    };

    private static readonly ObjectShape<CheckSpec> Spec = new(
        new Field<CheckSpec, EquatableList<Expectation>>(
            "expect",
            new ListShape<Expectation>(Expectation) { Min = 1, Max = 64 },
            s => s.Expect,
            (s, v) => s with { Expect = v },
            "What must hold, all in the same reading.") { Required = true });

    public static readonly ObjectShape<Check> Shape = ObjectTable.Build<Check, CheckSpec>(
        ObjectMetaTable.WithSubdomain, Spec, c => c.Spec, (c, v) => c with { Spec = v });

    private static Field<T>[] CounterFields<T>(Func<T, CounterReference> get, Func<T, CounterReference, T> set)
        where T : new()
    {
        return
        [
            Text(
                "sidecar",
                SharedShapes.Subdomain,
                c => c.Sidecar,
                (c, v) => c with { Sidecar = v },
                "The Workload whose sidecars are read."),
            Text(
                "metric",
                MetricName,
                c => c.Metric,
                (c, v) => c with { Metric = v },
                "A metric, as the sidecar's /metrics writes it."),
            new Field<T, EquatableMap>(
                "labels",
                new MapShape(),
                o => get(o).Labels,
                (o, v) => set(o, get(o) with { Labels = v }),
                "Labels of the series that are counted; absent = all of the metric."),
            Text(
                "app",
                SharedShapes.Subdomain,
                c => c.App,
                (c, v) => c with { App = v },
                "The Workload whose applications are read."),
            Text(
                "port",
                SharedShapes.Label,
                c => c.Port,
                (c, v) => c with { Port = v },
                "Name of the application's port; absent = its first."),
            Text(
                "path",
                PathText,
                c => c.Path,
                (c, v) => c with { Path = v },
                "What answers the counters, as a JSON object."),
            Text(
                "counter",
                CounterName,
                c => c.Counter,
                (c, v) => c with { Counter = v },
                "A number in that object; dots lead into objects within."),
        ];

        Field<T, string> Text(
            string name,
            TextShape shape,
            Func<CounterReference, string> read,
            Func<CounterReference, string, CounterReference> write,
            string doc) => new(name, shape, o => read(get(o)), (o, v) => set(o, write(get(o), v)), doc);
    }

    private static TextShape Word(string what, string pattern, string marks) => new()
    {
        Check = text => text.All(c => char.IsAsciiLetterOrDigit(c) || marks.Contains(c, StringComparison.Ordinal))
            ? null
            : $"{Quote.Text(text)} is not {what}",
        Pattern = pattern,
        MinLength = 1,
    };
}
