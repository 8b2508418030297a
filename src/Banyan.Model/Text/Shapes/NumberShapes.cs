using System.Globalization;
using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>A whole number in a range.</summary>
internal sealed class IntegerShape(int min, int max) : Shape<int>
{
    public override bool TryRead(Node node, Reading reading, out int value)
    {
        value = 0;
        if (node is not ScalarNode scalar || scalar.Kind != ScalarKind.Integer)
        {
            var quotes = node is ScalarNode { IsPlain: false } text && PlainScalar.KindOf(text.Text) == ScalarKind.Integer
                ? "; remove the quotes"
                : "";
            reading.Add(node, $"expected a whole number, found {node.Describe()}{quotes}");
            return false;
        }

        if (!int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) || value < min || value > max)
        {
            reading.Add(node, $"{Quote.Shorten(scalar.Text)} is not between {min} and {max}");
            return false;
        }

        return true;
    }

    public override Node Write(int value) => new ScalarNode(
        value.ToString(CultureInfo.InvariantCulture), isPlain: true, 0, 0);

    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };
}

/// <summary>A number in a range.</summary>
internal sealed class NumberShape(double min, double max) : Shape<double>
{
    public override bool TryRead(Node node, Reading reading, out double value)
    {
        value = 0;
        if (node is not ScalarNode { Kind: ScalarKind.Integer or ScalarKind.Float } scalar)
        {
            return Wrong(node, reading, "a number");
        }

        if (!double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !(value >= min && value <= max))
        {
            reading.Add(node, $"{Quote.Shorten(scalar.Text)} is not between {min} and {max}");
            return false;
        }

        return true;
    }

    public override Node Write(double value) => new ScalarNode(
        value.ToString("R", CultureInfo.InvariantCulture), isPlain: true, 0, 0);

    public override JsonObject Schema() => new() { ["type"] = "number", ["minimum"] = min, ["maximum"] = max };
}

/// <summary>A whole number of any size that fits 64 bits.</summary>
internal sealed class LongShape : Shape<long>
{
    public override bool TryRead(Node node, Reading reading, out long value)
    {
        value = 0;
        return (node is ScalarNode { Kind: ScalarKind.Integer } scalar
                && long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
            || Wrong(node, reading, "a whole number");
    }

    public override Node Write(long value) => new ScalarNode(
        value.ToString(CultureInfo.InvariantCulture), isPlain: true, 0, 0);

    public override JsonObject Schema() => new() { ["type"] = "integer" };
}
