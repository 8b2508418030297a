namespace Banyan.Model;

/// <summary>
/// What must be seen in a mesh that works: counters of sidecars and applications, and what they must have come to.
/// Judged by <c>banyan up --for</c>; the proxies never hear of it.
/// </summary>
public sealed record Check : MeshObject
{
    public override string ApiVersion => "banyan.dev/v1alpha1";

    public override string Kind => nameof(Check);

    public CheckSpec Spec { get; init; } = new();
}

/// <summary>What a Check says.</summary>
public sealed record CheckSpec
{
    /// <summary>All of them must hold in one and the same reading.</summary>
    public EquatableList<Expectation> Expect { get; init; } = [];
}

/// <summary>A counter, or the ratio of two, and its bounds.</summary>
public sealed record Expectation
{
    public CounterReference Counter { get; init; } = new();

    /// <summary>What the counter is divided by; null = the counter itself is judged.</summary>
    public CounterReference? Per { get; init; }

    public double? EqualTo { get; init; }

    public double? AtLeast { get; init; }

    public double? AtMost { get; init; }

    /// <summary>Whether a value is within the bounds.</summary>
    public bool Holds(double value) =>
        (EqualTo is not { } exact || value.Equals(exact)) && !(value < AtLeast) && !(value > AtMost);
}

/// <summary>A number of sidecars, or one that applications show. Summed over the replicas.</summary>
public sealed record CounterReference
{
    /// <summary>Where an application shows its counters, unless its check says otherwise.</summary>
    public const string DefaultPath = "/counters";

    /// <summary>The Workload whose sidecars are read; empty = <see cref="App"/>.</summary>
    public string Sidecar { get; init; } = "";

    /// <summary>As <c>/metrics</c> writes it: <c>_total</c>, <c>_count</c> or <c>_sum</c> included.</summary>
    public string Metric { get; init; } = "";

    /// <summary>Labels that a series must have to be counted.</summary>
    public EquatableMap Labels { get; init; } = EquatableMap.Empty;

    /// <summary>The Workload whose applications are read; empty = <see cref="Sidecar"/>.</summary>
    public string App { get; init; } = "";

    /// <summary>Name of the application's port; empty = its first.</summary>
    public string Port { get; init; } = "";

    /// <summary>What is asked for with GET, around the sidecar; it answers a JSON object.</summary>
    public string Path { get; init; } = DefaultPath;

    /// <summary>A member of that object; dots lead into objects within.</summary>
    public string Counter { get; init; } = "";

    /// <summary>The Workload, whichever it is.</summary>
    public string Workload => Sidecar.Length > 0 ? Sidecar : App;
}
