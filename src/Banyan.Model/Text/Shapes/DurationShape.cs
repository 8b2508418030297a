using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>A duration; <paramref name="gateway"/> takes the Gateway API's narrower form.</summary>
internal sealed class DurationShape(bool gateway = false) : Shape<TimeSpan>
{
    /// <summary>Least value.</summary>
    public TimeSpan Min { get; init; }

    public TimeSpan Max { get; init; } = TimeSpan.MaxValue;

    public override bool TryRead(Node node, Reading reading, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (node is not ScalarNode scalar || scalar.Kind is ScalarKind.Boolean or ScalarKind.Null)
        {
            return Wrong(node, reading, "a duration such as 250ms, 30s or 1h30m");
        }

        if (scalar.Kind is ScalarKind.Integer or ScalarKind.Float)
        {
            reading.Add(
                node, $"a duration needs a unit: {Quote.Shorten(scalar.Text)}s, {Quote.Shorten(scalar.Text)}ms");
            return false;
        }

        if ((gateway && !DurationText.IsGatewayForm(scalar.Text)) || !DurationText.TryParse(scalar.Text, out value))
        {
            var units = gateway ? "; up to four numbers of at most five digits, each with h, m, s or ms" : "";
            reading.Add(
                node, $"{Quote.Text(scalar.Text)} is not a duration; write for example 250ms, 30s or 1h30m{units}");
            return false;
        }

        if (value < Min || value > Max)
        {
            reading.Add(node, value < Min ? $"{scalar.Text} is less than {DurationText.Format(Min)}" : $"{scalar.Text} is more than {DurationText.Format(Max)}");
            return false;
        }

        return true;
    }

    public override Node Write(TimeSpan value) => new ScalarNode(DurationText.Format(value), isPlain: false, 0, 0);

    public override JsonObject Schema() => new()
    {
        ["type"] = "string",
        ["pattern"] = gateway ? "^([0-9]{1,5}(h|m|s|ms)){1,4}$" : "^(0|([0-9]+(\\.[0-9]+)?(h|m|s|ms|us|ns))+)$",
    };
}
