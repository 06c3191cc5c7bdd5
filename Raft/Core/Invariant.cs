using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Quorleans.Raft;

/// <summary>Assertions that stay on in Release: a violated invariant stops the replica.</summary>
public static class Invariant
{
    /// <summary>Checks that <paramref name="condition"/> holds.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="message">What it means when it does not; formatted only then.</param>
    /// <exception cref="InvariantViolationException">It does not hold.</exception>
    public static void Check(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref InvariantMessage message)
    {
        if (!condition) throw new InvariantViolationException(message.ToString());
    }

    /// <summary>Checks that <paramref name="condition"/> holds.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="message">What it means when it does not.</param>
    /// <exception cref="InvariantViolationException">It does not hold.</exception>
    public static void Check([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition) throw new InvariantViolationException(message);
    }
}

/// <summary>An interpolated message that costs nothing while the condition holds.</summary>
[InterpolatedStringHandler]
[SuppressMessage("Performance", "CA1815:Override equals and operator equals on value types", Justification = "Never compared.")]
public ref struct InvariantMessage
{
    private DefaultInterpolatedStringHandler _handler;

    /// <summary>Called by the compiler.</summary>
    public InvariantMessage(int literalLength, int formattedCount, bool condition, out bool enabled)
    {
        enabled = !condition;
        if (enabled) _handler = new DefaultInterpolatedStringHandler(literalLength, formattedCount);
    }

    /// <summary>Called by the compiler.</summary>
    public void AppendLiteral(string value) => _handler.AppendLiteral(value);

    /// <summary>Called by the compiler.</summary>
    public void AppendFormatted<T>(T value) => _handler.AppendFormatted(value);

    /// <inheritdoc/>
    public override string ToString() => _handler.ToStringAndClear();
}
