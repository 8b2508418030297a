using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>Text, with an optional check and length.</summary>
internal sealed class TextShape : Shape<string>
{
    /// <summary>Says what is wrong with a text, or null.</summary>
    public Func<string, string?>? Check { get; init; }

    /// <summary>A pattern for editors; the truth is <see cref="Check"/>.</summary>
    public string? Pattern { get; init; }

    public int MinLength { get; init; }

    public int MaxLength { get; init; } = int.MaxValue;

    public override bool TryRead(Node node, Reading reading, out string value)
    {
        value = "";
        if (node is not ScalarNode { Kind: ScalarKind.Text } scalar)
        {
            var quotes = node is ScalarNode plain and not { IsNull: true } ? $"; write '{Quote.Shorten(plain.Text)}' in quotes" : "";
            reading.Add(node, $"expected text, found {node.Describe()}{quotes}");
            return false;
        }

        value = scalar.Text;
        var message = value.Length < MinLength ? "must not be empty"
            : value.Length > MaxLength ? $"must not be longer than {MaxLength} characters, has {value.Length}"
            : value.Length > 0 || MinLength > 0 ? Check?.Invoke(value)
            : null;
        if (message is not null)
        {
            reading.Add(node, message);
        }

        return message is null;
    }

    public override Node Write(string value) => new ScalarNode(value, isPlain: false, 0, 0);

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "string" };
        if (MinLength > 0)
        {
            schema["minLength"] = MinLength;
        }

        if (MaxLength != int.MaxValue)
        {
            schema["maxLength"] = MaxLength;
        }

        if (Pattern is not null)
        {
            schema["pattern"] = MinLength > 0 ? Pattern : $"^$|{Pattern}";
        }

        return schema;
    }
}
