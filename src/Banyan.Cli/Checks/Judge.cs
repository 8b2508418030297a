using System.Globalization;
using Banyan.Model;

namespace Banyan.Cli.Checks;

/// <summary>Judges checks by what was read. Pure.</summary>
internal static class Judge
{
    /// <param name="check">What is expected.</param>
    /// <param name="read">Reads a counter; the same one answers the same within one judgement.</param>
    public static Verdict Of(Check check, Func<CounterReference, Reading> read)
    {
        var ok = true;
        var evidence = new List<string>();
        foreach (var expectation in check.Spec.Expect)
        {
            var (holds, text) = Of(expectation, read);
            ok &= holds;
            evidence.Add(text);
        }

        return new Verdict(NameOf(check), ok, string.Join("; ", evidence));
    }

    /// <summary>How a check is called.</summary>
    public static string NameOf(Check check) => check.Metadata.Namespace == ObjectMeta.DefaultNamespace
        ? check.Metadata.Name
        : $"{check.Metadata.Namespace}/{check.Metadata.Name}";

    private static (bool Holds, string Evidence) Of(Expectation expectation, Func<CounterReference, Reading> read)
    {
        var counter = read(expectation.Counter);
        var text = Text(expectation.Counter, counter);
        var value = counter.Value;
        if (expectation.Per is { } divisor)
        {
            var per = read(divisor);
            text += $" per {Text(divisor, per)}";

            // Nothing per nothing is no evidence of anything.
            value = per.Value is > 0 ? value / per.Value : null;
            text += value is { } ratio ? $": {Number(ratio)}" : "";
        }

        var holds = value is { } known && expectation.Holds(known);
        return (holds, holds ? text : $"{text} (wanted {Wanted(expectation)})");
    }

    private static string Text(CounterReference counter, Reading reading)
    {
        var place = counter.Sidecar.Length > 0
            ? $"sidecar {counter.Sidecar}: {counter.Metric}{Labels(counter.Labels)}"
            : $"app {counter.App}: {counter.Counter}";
        return $"{place} = {(reading.Value is { } value ? Number(value) : reading.Trouble)}";
    }

    private static string Labels(EquatableMap labels) =>
        labels.Count == 0 ? "" : $"{{{string.Join(',', labels.Select(label => $"{label.Key}=\"{label.Value}\""))}}}";

    private static string Wanted(Expectation wanted) => wanted switch
    {
        { EqualTo: { } exact } => Number(exact),
        { AtLeast: { } least, AtMost: { } most } => $"{Number(least)} to {Number(most)}",
        { AtLeast: { } least } => $"at least {Number(least)}",
        _ => $"at most {Number(wanted.AtMost ?? 0)}",
    };

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
