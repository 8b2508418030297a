using System.Text.Json.Nodes;

namespace Banyan.Model.Text;

/// <summary>Claims, each with a value or a list of values.</summary>
internal sealed class ClaimsShape : Shape<EquatableList<PolicyClaim>>
{
    private const int MostClaims = 64;
    private const int MostValues = 256;

    private static readonly TextShape Value = new() { MinLength = 1, MaxLength = 1024, Check = AuthorizationRules.CheckClaimValue };

    private static readonly ListShape<string> Values = new(Value) { Min = 1, Max = MostValues };

    public override bool TryRead(Node node, Reading reading, out EquatableList<PolicyClaim> value)
    {
        value = [];
        if (node is not MapNode map)
        {
            return Wrong(node, reading, "an object of claims");
        }

        var before = reading.Count;
        if (map.Entries.Count > MostClaims)
        {
            reading.Add(node, $"has {map.Entries.Count} claims; at most {MostClaims} are allowed");
        }

        var claims = new List<PolicyClaim>(map.Entries.Count);
        foreach (var entry in map.Entries)
        {
            reading.Push(entry.Key.Text);
            if (AuthorizationRules.CheckClaimName(entry.Key.Text) is { } bad)
            {
                reading.Add(entry.Key, bad);
            }

            EquatableList<string>? values;
            if (entry.Value is ListNode)
            {
                Values.TryRead(entry.Value, reading, out values);
            }
            else
            {
                values = Value.TryRead(entry.Value, reading, out var text) ? [text] : [];
            }

            claims.Add(new PolicyClaim(entry.Key.Text, values ?? []));
            reading.Pop();
        }

        value = claims.OrderBy(each => each.Name, StringComparer.Ordinal).ToEquatableList();
        return reading.Count == before;
    }

    public override Node Write(EquatableList<PolicyClaim> value) => new MapNode(
        [.. value.Select(each => new MapEntry(
            new ScalarNode(each.Name, isPlain: false, 0, 0),
            each.Values.Count == 1 ? Value.Write(each.Values[0]) : Values.Write(each.Values)))],
        0,
        0);

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = new JsonObject { ["anyOf"] = new JsonArray(Value.Schema(), Values.Schema()) },
        ["maxProperties"] = MostClaims,
    };
}
