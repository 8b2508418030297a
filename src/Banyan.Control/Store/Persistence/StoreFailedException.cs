namespace Banyan.Control.Store.Persistence;

/// <summary>The database cannot be used now; the message says what is wrong with it, for the user's eyes.</summary>
internal sealed class StoreFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Another replica wrote the revision that this change was going to be.</summary>
internal sealed class RevisionConflictException() : Exception("another control plane was first");
