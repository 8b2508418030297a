using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Options;

namespace Banyan.Proxy.Record.Render;

/// <summary>Connections that are relayed unread, and what was found on ports that nobody declared.</summary>
internal static class TcpMetrics
{
    private const string Closed = "banyan_tcp_connections_closed";
    private const string Failures = "banyan_tcp_connection_failures";
    private const string Bytes = "banyan_tcp_relayed_bytes";
    private const string Durations = "banyan_tcp_connection_duration_seconds";
    private const string Undeclared = "banyan_undeclared_port_connections";
    private const string ServerNames = "banyan_server_name_connections";

    /// <summary>Upper bounds in seconds: connections last from a query to a day's work.</summary>
    private static readonly string[] BoundTexts =
        ["0.001", "0.01", "0.1", "0.5", "1.0", "5.0", "10.0", "30.0", "60.0", "300.0", "900.0", "3600.0"];

    private static readonly long[] Bounds = HistogramLines.Micros(BoundTexts);

    private static readonly string[] Ends = ["finished", "reset-by-source", "reset-by-destination", "idle"];

    private static readonly string[] Protocols = ["silent", "http/1", "h2", "tls", "tcp"];

    private static readonly string[] Decisions =
        ["exact", "wildcard", "any", "unmatched", "absent", "malformed", "late", "not-tls"];

    public static void Write(ExpositionWriter writer, MetricsShards metrics, NodeName? node, string identity = "")
    {
        var totals = TcpTotals.Collect(metrics)
            .Select(pair => (Labels: Labels(pair.Key, node, identity), Sum: pair.Value))
            .ToArray();
        Family("banyan_tcp_connections_opened", "counter", "Connections that were connected and relayed.", sum => sum.Opened);
        Family("banyan_tcp_connections_active", "gauge", "Connections that are being relayed.", sum => sum.Active);
        writer.Family(Closed, "counter", "Relayed connections that have ended, by how.");
        foreach (var (labels, sum) in totals)
        {
            Samples(writer, Closed, labels, "end", Ends, sum.Closed);
        }

        writer.Family(Failures, "counter", "Connections to a destination that could not be made, by error code.");
        foreach (var (labels, sum) in totals)
        {
            for (var failure = Failure.None + 1; (int)failure < sum.Failed.Length; failure++)
            {
                Sample(writer, Failures, labels, "error", failure.Row().Code, sum.Failed[(int)failure]);
            }
        }

        writer.Family(Bytes, "counter", "Bytes handed on, by the end that got them.");
        foreach (var (labels, sum) in totals)
        {
            Samples(writer, Bytes, labels, "to", ["destination", "source"], [sum.ToDestination, sum.ToSource]);
        }

        writer.Family(Durations, "histogram", "Duration of relayed connections that have ended.");
        foreach (var (labels, sum) in totals)
        {
            HistogramLines.Write(writer, Durations, labels, sum.Durations, BoundTexts, Bounds);
        }

        WriteUndeclared(writer, metrics);
        WriteServerNames(writer, metrics);

        void Family(string name, string type, string help, Func<TcpTotals, long> value)
        {
            writer.Family(name, type, help);
            foreach (var (labels, sum) in totals)
            {
                writer.Sample(type == "counter" ? name + "_total" : name, labels, value(sum));
            }
        }
    }

    private static void WriteUndeclared(ExpositionWriter writer, MetricsShards metrics)
    {
        writer.Family(Undeclared, "counter", "Connections to ports without a declared protocol, by what the first bytes were.");
        WriteByDestination(
            writer,
            Undeclared,
            "detected",
            Protocols,
            metrics.Shards.SelectMany(shard => shard.UndeclaredPorts.All.ToArray()).Select(port => (
                port.Destination, Array.ConvertAll(Enum.GetValues<DetectedProtocol>(), port.Count))));
    }

    private static void WriteServerNames(ExpositionWriter writer, MetricsShards metrics)
    {
        writer.Family(ServerNames, "counter", "Connections to destinations with routes by server name, by what decided.");
        WriteByDestination(
            writer,
            ServerNames,
            "decision",
            Decisions,
            metrics.Shards.SelectMany(shard => shard.ServerNames.All.ToArray()).Select(cell => (
                cell.Destination, Array.ConvertAll(Enum.GetValues<ServerNameDecision>(), cell.Count))));
    }

    private static void WriteByDestination(
        ExpositionWriter writer, string name, string label, string[] values, IEnumerable<(int Destination, long[] Counts)> cells)
    {
        var totals = new SortedDictionary<int, long[]>();
        foreach (var (destination, counts) in cells)
        {
            if (!totals.TryGetValue(destination, out var sum))
            {
                totals.Add(destination, sum = new long[values.Length]);
            }

            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += counts[i];
            }
        }

        foreach (var (destination, sum) in totals)
        {
            var (service, space, _) = EdgeLabels.DestinationOf(destination);
            var labels = new LabelText().AddServer(destination, isOther: destination == 1)
                .Add("destination_service", service).Add("destination_namespace", space);
            Samples(writer, name, labels.ToString(), label, values, sum);
        }
    }

    private static string Labels(TcpKey key, NodeName? node, string identity)
    {
        var isOther = key.IsOther;
        return new LabelText()
            .Add("direction", isOther ? LabelText.Other : key.Direction == EdgeDirection.Client ? "client" : "server")
            .AddServer(key.Destination, isOther)
            .AddPeers(key.Direction, node, identity, key.Destination, key.Workload, key.Hop, isOther)
            .ToString();
    }

    private static void Samples(
        ExpositionWriter writer, string name, string labels, string label, string[] values, ReadOnlySpan<long> counts)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Sample(writer, name, labels, label, values[i], counts[i]);
        }
    }

    // What never happened has no line: most ends and errors never do.
    private static void Sample(ExpositionWriter writer, string name, string labels, string label, string value, long count)
    {
        if (count > 0)
        {
            writer.Sample(name + "_total", $"{labels}{(labels.Length > 0 ? "," : "")}{label}=\"{value}\"", count);
        }
    }
}
