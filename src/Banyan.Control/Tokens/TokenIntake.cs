using Banyan.Control.Store;

namespace Banyan.Control.Tokens;

/// <summary>Takes tokens into the store. Runs on the writer's thread.</summary>
/// <remarks>Throws StoreFailedException when the database does not take it; nothing has changed then.</remarks>
internal sealed class TokenIntake(Commit commit)
{
    /// <summary>How many there may be.</summary>
    public const int Most = 1000;

    /// <summary>Keeps a token; false when there are too many.</summary>
    public bool Add(StoreState state, Token token, WriteOrigin origin)
    {
        if (state.Tokens.Count >= Most)
        {
            return false;
        }

        commit.Tokens(state, state.Tokens.Add(token.Id, token), origin, $"{token.Id} {token.Name} {token.Role}");
        return true;
    }

    /// <summary>Revokes a token: who has it may do nothing more from now on. False when there is none.</summary>
    public bool Remove(StoreState state, string id, WriteOrigin origin)
    {
        if (state.Tokens.GetValueOrDefault(id) is not { } token)
        {
            return false;
        }

        commit.Tokens(state, state.Tokens.Remove(id), origin, $"{id} {token.Name}");
        return true;
    }
}
