using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Rules between the fields of one Workload.</summary>
internal static class WorkloadRules
{
    public static void Check(WorkloadSpec spec, MapNode map, Reading reading)
    {
        CheckPlace(map, reading);
        CheckPorts(spec, map, reading);
        CheckUpstreams(spec, map, reading);
        CheckSidecar(spec, map, reading);
        if (!map.Has("service"))
        {
            if (map.Entries.Any(e => Suggestion.Nearest(e.Key.Text, ["service", "serviceAccount"]) is "service"))
            {
                return; // misspelt, which has been told
            }

            foreach (var field in new[] { "version", "ports", "process" })
            {
                if (map.Find(field) is { } at and not ListNode { Items.Count: 0 } and not ScalarNode { Text: "" })
                {
                    reading.Add(at, field, "needs spec.service beside it");
                }
            }
        }
        else if (spec.Service.Length + 1 + spec.Version.Length > 63)
        {
            reading.Add(
                map.Find("version")!,
                "version",
                $"the implied Service {spec.Service}-{spec.Version} is longer than 63 characters");
        }
    }

    public static void CheckObject(Workload workload, MapNode map, Reading reading)
    {
        if (workload.Spec.Process.Length > 0 && workload.Spec.Process == workload.Metadata.Name)
        {
            reading.Push("spec");
            reading.Add(((MapNode)map.Find("spec")!).Find("process")!, "process", "names this Workload itself");
            reading.Pop();
        }
    }

    private static void CheckPlace(MapNode map, Reading reading)
    {
        var places = new[] { "process", "run", "addresses" }
            .Where(f => map.Find(f) is not null and not ListNode { Items.Count: 0 } and not ScalarNode { Text: "" })
            .ToArray();
        if (places.Length > 1)
        {
            reading.Add(
                map.Find(places[1])!, places[1], $"only one of process, run and addresses; {places[0]} is given too");
        }

        if (places.Contains("process", StringComparer.Ordinal))
        {
            foreach (var field in new[] { "serviceAccount", "upstreams", "health", "zone" })
            {
                if (map.Find(field) is { } at and not ListNode { Items.Count: 0 } and not ScalarNode { Text: "" })
                {
                    reading.Add(at, field, "belongs to the Workload that owns the process");
                }
            }
        }
    }

    private static void CheckSidecar(WorkloadSpec spec, MapNode map, Reading reading)
    {
        if (spec.Run is not { Sidecar: false })
        {
            return;
        }

        foreach (var field in new[] { "service", "upstreams", "health" })
        {
            if (map.Find(field) is { } at and not ListNode { Items.Count: 0 } and not ScalarNode { Text: "" })
            {
                reading.Add(at, field, "needs a sidecar; run.sidecar is false");
            }
        }
    }

    private static void CheckPorts(WorkloadSpec spec, MapNode map, Reading reading)
    {
        if (map.Find("ports") is not ListNode ports)
        {
            return;
        }

        var names = new Dictionary<string, Node>(StringComparer.Ordinal);
        reading.Push("ports");
        for (var i = 0; i < ports.Items.Count; i++)
        {
            reading.Push(i);
            if (ports.Items[i] is MapNode port)
            {
                CheckPort(port, ports.Items.Count, shared: spec.Process.Length > 0, names, reading);
            }

            reading.Pop();
        }

        reading.Pop();
    }

    private static void CheckPort(MapNode port, int count, bool shared, Dictionary<string, Node> names, Reading reading)
    {
        if (port.Find("name") is ScalarNode { Text.Length: > 0 } name)
        {
            if (!names.TryAdd(name.Text, name))
            {
                reading.Add(name, "name", $"{Quote.Text(name.Text)} comes twice in this list; first at {names[name.Text].Line}:{names[name.Text].Column}");
            }
        }
        else if (count > 1)
        {
            reading.Add(port, "name", "is required where there are several ports");
        }
        else if (shared)
        {
            reading.Add(
                port, "name", "is required with process: it names a port of the Workload that owns the process");
        }

        if (shared && port.Find("targetPort") is ScalarNode { Text: not "0" } target)
        {
            reading.Add(target, "targetPort", "belongs to the Workload that owns the process");
        }
    }

    private static void CheckUpstreams(WorkloadSpec spec, MapNode map, Reading reading)
    {
        if (map.Find("upstreams") is not ListNode upstreams || spec.Upstreams.Count != upstreams.Items.Count)
        {
            return;
        }

        var targets = new Dictionary<(string Service, int Port), Node>();
        var locals = new Dictionary<int, Node>();
        reading.Push("upstreams");
        for (var i = 0; i < spec.Upstreams.Count; i++)
        {
            if (upstreams.Items[i] is not MapNode node)
            {
                // Said already: an item is a map.
                continue;
            }

            var upstream = spec.Upstreams[i];
            reading.Push(i);
            if (!targets.TryAdd((upstream.Service, upstream.Port), node))
            {
                var first = targets[(upstream.Service, upstream.Port)];
                reading.Add(node, $"{upstream.Service}:{upstream.Port} comes twice in this list; first at {first.Line}:{first.Column}");
            }

            if (upstream.LocalPort > 0 && node.Find("localPort") is { } local && !locals.TryAdd(upstream.LocalPort, local))
            {
                var first = locals[upstream.LocalPort];
                reading.Add(
                    local,
                    "localPort",
                    $"{upstream.LocalPort} comes twice in this list; first at {first.Line}:{first.Column}");
            }

            reading.Pop();
        }

        reading.Pop();
    }
}
