namespace Banyan.Control.Store.Persistence;

/// <summary>Who derives state for all replicas: forgets instances and registrations that nobody confirms.</summary>
internal interface ILeadership
{
    /// <summary>Whether this process does. May change at any moment; safe on any thread.</summary>
    bool IsLeader { get; }
}

/// <summary>The only process leads.</summary>
internal sealed class SoleLeader : ILeadership
{
    /// <inheritdoc />
    public bool IsLeader => true;
}
