namespace Banyan.Model;

/// <summary>When a rule's requests are sent again.</summary>
public sealed record HttpRouteRetry
{
    /// <summary>Status codes of answers that are asked for again; empty = 502, 503 and 504.</summary>
    public EquatableList<int> Codes { get; init; } = [];

    /// <summary>Attempts after the first; null = 2.</summary>
    public int? Attempts { get; init; }

    /// <summary>The first pause between attempts, doubled for each further one; null = 25 ms.</summary>
    public TimeSpan? Backoff { get; init; }
}
