namespace Banyan.Model.Text;

/// <summary>Finds out what each document is, and reads it by the table of its kind.</summary>
internal sealed class DocumentReader(Reading reading)
{
    private const string OwnGroup = "banyan.dev/";

    private const string GatewayGroup = "gateway.networking.k8s.io/";

    // Kinds of the Gateway API that other tools read.
    private static readonly string[] GatewayKinds =
        ["Gateway", "GatewayClass", "GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute", "ReferenceGrant", "BackendTLSPolicy", "ListenerSet"];

    private readonly SortedDictionary<(string ApiVersion, string Kind), int> _skipped = [];

    public List<MeshObject> Objects { get; } = [];

    public EquatableList<SkippedKind> Skipped() =>
        _skipped.Select(s => new SkippedKind(s.Key.ApiVersion, s.Key.Kind, s.Value)).ToEquatableList();

    public void Read(Node root)
    {
        switch (root)
        {
            case ListNode list:
                ReadItems(list);
                break;
            case MapNode map:
                ReadObject(map);
                break;
            case ScalarNode { IsNull: true }:
                break;
            default:
                reading.Add(
                    root, $"expected an object with apiVersion, kind, metadata and spec, found {root.Describe()}");
                break;
        }
    }

    private void ReadItems(ListNode list)
    {
        for (var i = 0; i < list.Items.Count; i++)
        {
            reading.Push(i);
            if (list.Items[i] is MapNode item)
            {
                ReadObject(item);
            }
            else
            {
                reading.Add(list.Items[i], $"expected an object, found {list.Items[i].Describe()}");
            }

            reading.Pop();
        }
    }

    private void ReadObject(MapNode map)
    {
        if (!TryName(map, "apiVersion", out var apiVersion) | !TryName(map, "kind", out var kind))
        {
            return;
        }

        if (kind.Text.EndsWith("List", StringComparison.Ordinal) && map.Find("items") is ListNode items)
        {
            reading.Push("items");
            ReadItems(items);
            reading.Pop();
            return;
        }

        foreach (var table in KindTable.All)
        {
            if (table.Kind == kind.Text && table.ApiVersions.Contains(apiVersion.Text, StringComparer.Ordinal))
            {
                table.TryRead(map, reading, out var item);
                Objects.Add(item with { Origin = new Origin(reading.File, map.Line, map.Column) { Document = map, Prefix = reading.Path() } });
                return;
            }
        }

        if (!IsRefused(apiVersion, kind))
        {
            var key = (apiVersion.Text, kind.Text);
            _skipped[key] = _skipped.GetValueOrDefault(key) + 1;
        }
    }

    private bool TryName(MapNode map, string field, out ScalarNode value)
    {
        value = null!;
        if (map.Find(field) is not { } node)
        {
            reading.Add(map, field, "is required");
            return false;
        }

        if (node is not ScalarNode { Text.Length: > 0 } scalar)
        {
            reading.Add(node, field, $"expected text, found {node.Describe()}");
            return false;
        }

        value = scalar;
        return true;
    }

    private bool IsRefused(ScalarNode apiVersion, ScalarNode kind)
    {
        if (apiVersion.Text.StartsWith(OwnGroup, StringComparison.Ordinal))
        {
            RefuseOwn(apiVersion, kind);
            return true;
        }

        foreach (var known in KindInfo.All)
        {
            // The right kind under a version or group that is not read.
            if (known.Kind == kind.Text && known.ApiVersion != apiVersion.Text && IsMeant(apiVersion.Text, known.ApiVersion))
            {
                reading.Add(
                    apiVersion,
                    "apiVersion",
                    $"{Quote.Text(apiVersion.Text)} is not read for {kind.Text} (did you mean {known.ApiVersion})");
                return true;
            }
        }

        if (apiVersion.Text.StartsWith(GatewayGroup, StringComparison.Ordinal) && !GatewayKinds.Contains(kind.Text, StringComparer.Ordinal)
            && Suggestion.Nearest(kind.Text, GatewayKinds) is { } gatewayKind)
        {
            reading.Add(kind, "kind", $"unknown kind {Quote.Text(kind.Text)} (did you mean {gatewayKind})");
            return true;
        }

        if (apiVersion.Text == "v1" && kind.Text != nameof(Service) && Suggestion.Nearest(kind.Text, [nameof(Service)]) is not null)
        {
            reading.Add(kind, "kind", $"unknown kind {Quote.Text(kind.Text)} (did you mean Service)");
            return true;
        }

        return false;
    }

    private void RefuseOwn(ScalarNode apiVersion, ScalarNode kind)
    {
        var own = KindInfo.All.Where(k => k.ApiVersion.StartsWith(OwnGroup, StringComparison.Ordinal)).ToArray();
        var known = own.FirstOrDefault(k => k.Kind == kind.Text);
        if (known is null)
        {
            var hint = Suggestion.Hint(kind.Text, own.Select(k => k.Kind));
            reading.Add(kind, "kind", $"unknown kind {Quote.Text(kind.Text)}{(hint.Length > 0 ? hint : $"; kinds are {string.Join(", ", own.Select(k => k.Kind))}")}");
        }
        else if (!known.IsSupported)
        {
            reading.Add(kind, "kind", $"{kind.Text} is not supported yet by this version");
        }
        else
        {
            reading.Add(
                apiVersion,
                "apiVersion",
                $"{Quote.Text(apiVersion.Text)} is not read for {kind.Text} (did you mean {known.ApiVersion})");
        }
    }

    /// <summary>Whether the version written looks like a slip for this one: same group, or near in letters.</summary>
    private static bool IsMeant(string written, string known)
    {
        var group = known[..(known.IndexOf('/') + 1)];
        return group.Length > 0
            ? written.StartsWith(group, StringComparison.Ordinal) || !written.Contains('/', StringComparison.Ordinal) || Suggestion.Nearest(written, [known]) is not null
            : !written.Contains('/', StringComparison.Ordinal);
    }
}
