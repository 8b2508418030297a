namespace Banyan.Bench.Load;

/// <summary>One accepted connection of the backend.</summary>
internal abstract unsafe class AcceptedConnection
{
    /// <summary>Reads and answers all there is; false when the connection is over.</summary>
    /// <param name="buffer"><see cref="BackendConnection.BufferSize"/> bytes that belong to whoever is served at the moment.</param>
    public abstract bool Serve(byte* buffer);
}
