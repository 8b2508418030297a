using System.Text;
using Banyan.Proxy.Xds;
using Banyan.Xds;
using Banyan.Xds.Refusal;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Every field of the list is refused by its name, wherever it stands; nothing else is.</summary>
public sealed class RefusedFieldTests
{
    private static readonly byte[] True = [0x08, 1];
    private static readonly byte[] Empty = [];
    private static readonly byte[] Something = [0x0a, 0];

    private static readonly MessageDescriptor[] Roots =
    [
        Listener.Descriptor, RouteConfiguration.Descriptor, Cluster.Descriptor, ClusterLoadAssignment.Descriptor, Secret.Descriptor,
    ];

    private static readonly MessageDescriptor[] Packed =
    [
        HttpConnectionManager.Descriptor, TcpProxy.Descriptor, HttpProtocolOptions.Descriptor, UpstreamTlsContext.Descriptor,
        DownstreamTlsContext.Descriptor, Banyan.Xds.Authorization.Http.RBAC.Descriptor, Banyan.Xds.Authorization.Network.RBAC.Descriptor,
        Banyan.Xds.Tokens.JwtAuthentication.Descriptor,
    ];

    private static readonly Dictionary<string, Place> Places = Reachable();

    private static readonly (string Message, string Name, bool OnlyFalse)[] Refused = [.. ReadTable()];

    public static TheoryData<string, string> All => new(Refused.Select(each => (each.Message, each.Name)));

    /// <summary>What must be refused, as <c>MESSAGE.FIELD</c>.</summary>
    internal static IEnumerable<string> Names => Refused.Select(each => $"{each.Message}.{each.Name}");

    [Theory]
    [MemberData(nameof(All))]
    public void AResourceThatSetsItIsRefused(string message, string name)
    {
        var field = Refused.Single(each => each.Message == message && each.Name == name);
        var place = Places[message];
        var (root, bytes) = place.Wrap(Set(place.Type.FindFieldByName(name), field.OnlyFalse ? [] : True));
        var type = System.Enum.GetValues<ResourceType>().Single(each => ResourceTypes.FullName(each) == root.FullName);
        var error = new ResourceTables()[type].Accept(new Resource
        {
            Name = "r",
            Resource_ = new Any { TypeUrl = ResourceTypes.Url(type), Value = ByteString.CopyFrom(bytes) },
        });
        Assert.StartsWith($"{ResourceTypes.Word(type)} r: ", error, StringComparison.Ordinal);
        var path = place.Path.Length == 0 ? name : $"{place.Path}.{name}";
        Assert.Contains($": {path}: not supported", error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void WhatChangesNothingPasses(string message, string name)
    {
        var field = Refused.Single(each => each.Message == message && each.Name == name);
        var type = Places[message].Type;
        var declared = type.FindFieldByName(name);
        if (IsBoolean(declared))
        {
            Assert.Empty(RefusedFields.Find(type.FullName, Set(declared, field.OnlyFalse ? True : [])));
        }
        else if (!declared.IsRepeated && !declared.HasPresence)
        {
            // What a zero or an empty text looks like when it is written all the same.
            Assert.Empty(RefusedFields.Find(type.FullName, [.. Tag(declared), 0]));
        }
    }

    /// <summary>Numbers, shapes and ways are the contracts'; a field that leads to refused ones is not forgotten.</summary>
    [Fact]
    public void TheTableIsWhatTheContractsDeclare()
    {
        var names = Names.ToHashSet(StringComparer.Ordinal);
        HashSet<string> leading = [Any.Descriptor.FullName];
        int before;
        do
        {
            before = leading.Count;
            leading.UnionWith(Places.Values.Select(place => place.Type).Where(IsListed).Select(type => type.FullName));
        }
        while (leading.Count > before);

        var expected = Places.Values.Select(place => place.Type).Where(IsListed).SelectMany(type =>
            type.Fields.InFieldNumberOrder().Select(field => (type.FullName, Line(field))).Where(line => line.Item2 is not null));
        Assert.Equal(expected.Order(), ReadLines().Select(each => (each.Message, (string?)each.Line.Split(',')[0])).Order());

        bool IsListed(MessageDescriptor type) => type.Fields.InDeclarationOrder().Any(field => Line(field) is not null);

        string? Line(FieldDescriptor field) =>
            names.Contains(field.FullName) ? $"- {field.FieldNumber} {field.Name} {RefusedShape(field)}"
            : Held(field) is { } held && leading.Contains(held)
                ? $"+ {field.FieldNumber} {field.Name} {(field.IsMap ? "map" : field.IsRepeated ? "many" : "one")} {held}"
                : null;

        string RefusedShape(FieldDescriptor field) =>
            field.IsRepeated ? "many"
            : IsBoolean(field) ? Refused.Single(each => $"{each.Message}.{each.Name}" == field.FullName).OnlyFalse ? "false" : "true"
            : field.HasPresence ? "present" : "value";

        static string? Held(FieldDescriptor field)
        {
            var value = field.IsMap ? field.MessageType.FindFieldByNumber(2) : field;
            return value.FieldType == FieldType.Message ? value.MessageType.FullName : null;
        }
    }

    [Fact]
    public void WhatIsDeclaredAsBytesIsInTheList()
    {
        string[] data =
        [
            "envoy.config.core.v3.HeaderValue.raw_value", "envoy.config.core.v3.DataSource.inline_bytes",

            // An optional filter may be left out, wherever it comes from.
            "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.config_discovery",
        ];
        var listed = Names.ToList();
        Assert.Equal(listed.Distinct(StringComparer.Ordinal), listed);
        var declared = Places.Values.SelectMany(place => place.Type.Fields.InDeclarationOrder())
            .Where(field => field.FieldType == FieldType.Bytes).Select(field => field.FullName);
        Assert.Empty(declared.Except(listed, StringComparer.Ordinal).Except(data, StringComparer.Ordinal));
    }

    [Fact]
    public void AllOfThemAreToldAtOnceAndEachOnce()
    {
        var cluster = Eds("c");
        cluster.CommonLbConfig = new Cluster.Types.CommonLbConfig { LocalityWeightedLbConfig = ByteString.Empty };
        cluster.HttpProtocolOptions = ByteString.Empty;
        cluster.Filters.Add([ByteString.Empty, ByteString.Empty]);
        Assert.Equal(
            [
                "common_lb_config.locality_weighted_lb_config: not supported", "filters: not supported",
                "http_protocol_options: not supported, write typed_extension_protocol_options",
            ],
            RefusedFields.Find(Cluster.Descriptor.FullName, cluster.ToByteArray()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void WhatTheParserSkipsIsNoWayRound()
    {
        // An unknown group, and behind it what is refused: the parser would read on.
        byte[] group = [(100 << 3 | 3) & 0x7f | 0x80, 100 << 3 >> 7, (100 << 3 | 4) & 0x7f | 0x80, 100 << 3 >> 7];
        byte[] bytes = [.. group, .. Set(Cluster.Descriptor.FindFieldByName("outlier_detection"), [])];
        Assert.True(Cluster.Parser.ParseFrom(bytes).HasOutlierDetection);
        Assert.Throws<InvalidOperationException>(() => RefusedFields.Find(Cluster.Descriptor.FullName, bytes));
    }

    /// <summary>The parser keeps 32 bits of a tag.</summary>
    [Fact]
    public void ATagThatTheParserWouldCutOffIsNoWayRound()
    {
        var number = (ulong)Cluster.OutlierDetectionFieldNumber;
        byte[] bytes = [.. Number((1UL << 32) | (number << 3) | 2), 0];
        Assert.True(Cluster.Parser.ParseFrom(bytes).HasOutlierDetection);
        Assert.Throws<InvalidOperationException>(() => RefusedFields.Find(Cluster.Descriptor.FullName, bytes));
    }

    /// <summary>The parser puts halves of a message together.</summary>
    [Fact]
    public void AMessageInTwoHalvesIsNoWayRound()
    {
        var proxy = new TcpProxy { HashPolicy = { ByteString.Empty } };
        var url = Delimited(Filter.TypedConfigFieldNumber, Delimited(1, Encoding.UTF8.GetBytes("type.googleapis.com/" + TcpProxy.Descriptor.FullName)));
        var value = Delimited(Filter.TypedConfigFieldNumber, Delimited(2, proxy.ToByteArray()));
        byte[] bytes = [.. value, .. url];
        Assert.Single(Filter.Parser.ParseFrom(bytes).TypedConfig.Unpack<TcpProxy>().HashPolicy);
        Assert.Throws<InvalidOperationException>(() => RefusedFields.Find(Filter.Descriptor.FullName, bytes));
    }

    /// <summary>So many there are: a line that is lost from the table would leave no other trace.</summary>
    [Fact]
    public void NoneIsForgotten() => Assert.Equal(255, Refused.Length);

    /// <summary>Each packed message is a parse of its own: only the walk sees how deep they are packed.</summary>
    [Fact]
    public void WhatIsPackedTooDeepIsNotLookedThrough()
    {
        var manager = new HttpConnectionManager();
        for (var i = 0; i < 1000; i++)
        {
            manager = new HttpConnectionManager { HttpFilters = { new HttpFilter { TypedConfig = Resources.Pack(manager) } } };
        }

        Assert.Throws<InvalidOperationException>(() => RefusedFields.Find(HttpConnectionManager.Descriptor.FullName, manager.ToByteArray()));
    }

    [Fact]
    public void ManyRefusedFieldsAreNotAllTold()
    {
        var cluster = Eds("c");
        cluster.LoadAssignment = new ClusterLoadAssignment();
        for (var i = 0; i < 1000; i++)
        {
            cluster.LoadAssignment.Endpoints.Add(new LocalityLbEndpoints { LedsClusterLocalityConfig = ByteString.CopyFromUtf8("x") });
        }

        Assert.InRange(RefusedFields.Find(Cluster.Descriptor.FullName, cluster.ToByteArray()).Count, 1, 100);
    }

    [Fact]
    public void BytesThatAreNoMessageNeverHarm()
    {
        var random = new Random(7);
        var whole = Set(Cluster.Descriptor.FindFieldByName("outlier_detection"), []);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            try
            {
                RefusedFields.Find(Roots[i % Roots.Length].FullName, [.. whole, .. bytes]);
            }
            catch (Exception error) when (Unreadable.Is(error))
            {
                // As it should be.
            }
        }
    }

    private static IEnumerable<(string Message, string Line)> ReadLines()
    {
        var message = "";
        foreach (var line in RefusedFields.Table.Split('\n'))
        {
            if (line[0] is '-' or '+')
            {
                yield return (message, line.Replace(" .", $" {message}.", StringComparison.Ordinal));
            }
            else
            {
                message = line;
            }
        }
    }

    private static IEnumerable<(string Message, string Name, bool OnlyFalse)> ReadTable() =>
        from each in ReadLines()
        where each.Line[0] == '-'
        let words = each.Line.Split(',')[0].Split(' ')
        select (each.Message, words[2], words[3] == "false");

    private static bool IsBoolean(FieldDescriptor field) =>
        field.FieldType == FieldType.Message && field.MessageType.FullName == BoolValue.Descriptor.FullName;

    /// <summary>The least that sets a field: a message that is there and empty, where that has a meaning.</summary>
    private static byte[] Set(FieldDescriptor field, byte[] boolean)
    {
        var isText = field.FieldType is FieldType.Bytes or FieldType.String or FieldType.Message;
        var value = IsBoolean(field) ? boolean : field.IsRepeated || field.HasPresence ? Empty : Something;
        return isText ? [.. Tag(field), (byte)value.Length, .. value] : [.. Tag(field), 1];
    }

    private static byte[] Tag(FieldDescriptor field) => Number(
        ((ulong)field.FieldNumber << 3)
        | (field.FieldType is FieldType.Bytes or FieldType.String or FieldType.Message ? 2u : 0));

    private static byte[] Number(ulong value) =>
        value < 0x80 ? [(byte)value] : [(byte)((value & 0x7f) | 0x80), .. Number(value >> 7)];

    private static byte[] Delimited(ulong field, byte[] value) =>
        [.. Number((field << 3) | 2), .. Number((ulong)value.Length), .. value];

    /// <summary>A way from a resource to every message that it can hold.</summary>
    private static Dictionary<string, Place> Reachable()
    {
        Dictionary<string, Place> found = [];
        var open = new Queue<Place>(Roots.Select(root => new Place(root, "", bytes => (root, bytes))));
        while (open.TryDequeue(out var place))
        {
            if (!found.TryAdd(place.Type.FullName, place))
            {
                continue;
            }

            foreach (var next in place.Type.Fields.InDeclarationOrder()
                .Where(field => field.FieldType == FieldType.Message).SelectMany(place.Into))
            {
                open.Enqueue(next);
            }
        }

        return found;
    }

    /// <summary>A message within a resource.</summary>
    private sealed record Place(MessageDescriptor Type, string Path, Func<byte[], (MessageDescriptor Root, byte[] Bytes)> Wrap)
    {
        public IEnumerable<Place> Into(FieldDescriptor field)
        {
            var path = Path.Length == 0 ? field.Name : $"{Path}.{field.Name}";
            var value = field.IsMap ? field.MessageType.FindFieldByNumber(2) : field;
            if (field.IsMap && value.FieldType == FieldType.Message && value.MessageType.FullName != Any.Descriptor.FullName
                && value.MessageType.File.Package != "google.protobuf")
            {
                yield return new Place(value.MessageType, $"{path}[k]", bytes => Wrap(Delimited(
                    (ulong)field.FieldNumber,
                    [.. Delimited(1, Encoding.UTF8.GetBytes("k")), .. Delimited(2, bytes)])));
            }
            else if (field.IsMap)
            {
                // The one map of packed messages whose values are read.
                var type = HttpProtocolOptions.Descriptor;
                yield return new Place(type, $"{path}[{type.FullName}]", bytes => Wrap(Delimited(
                    (ulong)field.FieldNumber,
                    [.. Delimited(1, Encoding.UTF8.GetBytes(type.FullName)), .. Delimited(2, Pack(type, bytes))])));
            }
            else if (field.MessageType.FullName == Any.Descriptor.FullName)
            {
                foreach (var type in Packed.Except([HttpProtocolOptions.Descriptor]))
                {
                    yield return new Place(
                        type, path, bytes => Wrap(Delimited((ulong)field.FieldNumber, Pack(type, bytes))));
                }
            }
            else if (field.MessageType.File.Package != "google.protobuf")
            {
                yield return new Place(
                    field.MessageType,
                    field.IsRepeated ? path + "[0]" : path,
                    bytes => Wrap(Delimited((ulong)field.FieldNumber, bytes)));
            }
        }

        private static byte[] Pack(MessageDescriptor type, byte[] bytes) =>
            [.. Delimited(1, Encoding.UTF8.GetBytes("type.googleapis.com/" + type.FullName)), .. Delimited(2, bytes)];
    }
}
