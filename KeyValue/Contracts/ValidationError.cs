namespace Quorleans.KeyValue;

/// <summary>Why a batch or an operation is refused; <c>default</c> when it is not.</summary>
/// <param name="Reason">The kind of mistake.</param>
/// <param name="Message">For a person: names the thing, the number and the limit.</param>
public readonly record struct ValidationError(ValidationReason Reason, string? Message)
{
    /// <summary>Whether there is a mistake.</summary>
    public bool IsError => Reason != ValidationReason.None;

    /// <inheritdoc/>
    public override string ToString() => IsError ? $"{Reason}: {Message}" : "valid";
}
