using Xunit;

namespace Banyan.Mesh.Tests.Support;

/// <summary>Tests that keep both cores busy, or measure time while they are: one class after the other, when all others are done.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
