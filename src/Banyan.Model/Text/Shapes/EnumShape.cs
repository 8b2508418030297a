using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>One of a few words.</summary>
internal sealed class EnumShape<T>(params (string Word, T Value)[] words) : Shape<T>
    where T : notnull
{
    public override bool TryRead(Node node, Reading reading, out T value)
    {
        value = words[0].Value;
        if (node is not ScalarNode scalar || scalar.IsNull)
        {
            return Wrong(node, reading, $"one of {Words()}");
        }

        foreach (var (word, meaning) in words)
        {
            if (word == scalar.Text && scalar.Kind == ScalarKind.Text)
            {
                value = meaning;
                return true;
            }
        }

        reading.Add(node, $"{Quote.Text(scalar.Text)} is not one of {Words()}{Suggestion.Hint(scalar.Text, words.Select(w => w.Word))}");
        return false;
    }

    public override Node Write(T value) =>
        new ScalarNode(words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word, isPlain: false, 0, 0);

    public override JsonObject Schema() =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. words.Select(w => (JsonNode)w.Word)]) };

    private string Words() => string.Join(", ", words.Select(w => w.Word));
}
